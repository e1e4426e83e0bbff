"""The golden files are complete, say where they come from, and are as printed.

The documents themselves are not in the repository; SHA256 was computed from them. Neither a body
nor a hash is ever changed to make a test pass: the document is the contract.
"""

import hashlib
import json
import re
from dataclasses import replace

import pytest

from tests.golden import (
    VENDORS,
    Golden,
    all_golden,
    assert_same_bytes,
    assert_same_json,
    load,
    mask_json,
)

# Document number: every example that it prints.
INVENTORY = {
    "000": (
        "mails-uri-request",
        "mails-json-request",
        "mails-xml-request",
        "mails-204",
        "mails-400",
        "mails-500",
    ),
    "001": (
        "batch-grant-promotions-uri-request",
        "batch-grant-promotions-request",
        "value-email-addresses",
        "value-profile-ids",
        "value-promotion-ids",
        "value-source-id",
        "batch-grant-promotions-200",
        "batch-grant-promotions-400-single-error",
        "batch-grant-promotions-400-multiple-errors",
        "batch-grant-promotions-400-13001",
        "batch-grant-promotions-401",
    ),
    "002": (
        "request-promo-code-request",
        "request-promo-code-response",
    ),
    "003": (
        "list-request",
        "list-filter-promotion-list-reference-prefix-request",
        "list-filter-promotion-list-reference-suffix-request",
        "list-filter-promotion-list-reference-infix-request",
        "list-filter-customer-group-reference-prefix-request",
        "list-filter-customer-group-reference-suffix-request",
        "list-filter-customer-group-reference-infix-request",
        "list-filter-date-created-gt-request",
        "show-by-id-request",
        "show-by-reference-request",
        "delete-by-id-request",
        "delete-by-reference-request",
        "update-by-id-request",
        "update-by-reference-request",
        "create-request",
        "list-200",
        "list-400-invalid-param",
        "list-400-invalid-datetime-format",
        "list-500-server-error",
        "show-200",
        "show-404-not-found",
        "show-400-invalid-param-type",
        "delete-200",
        "delete-404-not-found",
        "delete-400-invalid-param-type",
        "delete-400-delete-failed",
        "delete-500-server-error",
        "update-200",
        "update-400-missing-param",
        "update-400-invalid-param-type",
        "update-400-already-assigned",
        "update-400-save-failed",
        "update-404-not-found",
        "update-500-server-error",
        "create-201",
        "create-400-missing-param",
        "create-400-already-assigned",
        "create-400-save-failed",
        "create-404-not-found",
        "create-500-server-error",
    ),
    "004": (
        "subscribe-request",
        "value-subscription-type",
        "value-subscription-active",
        "value-subscription-recipient",
        "subscribe-201",
        "subscribe-400-recipient-invalid",
        "subscribe-400-recipient-missing",
        "subscribe-404-provider-not-found",
        "subscribe-409-recipient-missing",
        "subscribe-500-external-service",
        "status-email-request",
        "status-self-request",
        "status-key-request",
        "status-200",
        "status-404-subscription-not-found",
        "status-404-no-provider",
        "status-500-external-service",
        "unsubscribe-email-request",
        "unsubscribe-self-request",
        "unsubscribe-key-request",
        "unsubscribe-204",
        "unsubscribe-404-subscription-not-found",
        "unsubscribe-404-no-provider",
        "unsubscribe-500-external-service",
    ),
}
SEED = re.compile(r'SEED (00[0-4]) "[^"]+"')
EVERY = [golden for vendor in VENDORS for golden in all_golden(vendor)]


def ids(golden: Golden) -> str:
    return f"{golden.vendor}/{golden.name}"


def test_every_printed_example_has_its_file() -> None:
    found: dict[str, list[str]] = {seed: [] for seed in INVENTORY}
    for golden in EVERY:
        if golden.mark == "SEED":
            found[golden.source.split()[1]].append(golden.name)
    assert {seed: sorted(names) for seed, names in INVENTORY.items()} == found


@pytest.mark.parametrize("golden", EVERY, ids=ids)
class TestEveryFile:
    def test_names_its_source(self, golden: Golden) -> None:
        assert golden.mark in {"SEED", "DOC", "INFERRED", "DECIDED"}
        if golden.mark == "SEED":
            assert SEED.fullmatch(golden.source)
            assert golden.document

    def test_is_as_printed(self, golden: Golden) -> None:
        assert golden.evidence, "neither a body nor a Printed line"
        assert hashlib.sha256(golden.evidence).hexdigest() == golden.sha256

    def test_has_the_headers_of_its_kind(self, golden: Golden) -> None:
        assert golden.kind in {"request", "response", "value"}
        assert (golden.method is not None) == (golden.kind == "request")
        assert (golden.path is not None) == (golden.kind == "request")
        if golden.kind != "request":
            assert load(golden.vendor, golden.pair or "").kind == "request"

    def test_prints_the_status_and_the_error_key_of_its_header(self, golden: Golden) -> None:
        if golden.mark == "SEED" and golden.status is not None:
            assert str(golden.status) in " ".join(golden.printed)
            assert f"-{golden.status}" in golden.name
        if golden.mark == "SEED" and golden.error_key is not None:
            assert f"- {golden.error_key}" in golden.printed

    def test_a_json_body_can_be_read(self, golden: Golden) -> None:
        if golden.body.startswith((b"{", b"[")):
            assert_same_json(golden.body, golden)


class TestAssertSameJson:
    golden = load("valomnia", "show-200")

    def sent(self, **changes: object) -> bytes:
        return json.dumps(json.loads(self.golden.body) | changes).encode()

    def test_the_order_of_keys_does_not_count(self) -> None:
        backwards = dict(reversed(json.loads(self.golden.body).items()))
        assert_same_json(json.dumps(backwards).encode(), self.golden)

    def test_a_masked_value_needs_its_shape_only(self) -> None:
        sent = self.sent(id=77, dateCreated="2031-01-02T03:04:05Z")
        assert_same_json(sent, self.golden, ("id", "dateCreated"))

    @pytest.mark.parametrize(
        "changes",
        [
            {"id": "4"},
            {"id": True},
            {"id": 4.0},
            {"id": -4},
            {"dateCreated": "2016-08-24T11:32:37"},
            {"dateCreated": "2016-08-24T11:32:37.000Z"},
            {"dateCreated": None},
            {"organization": "lyon"},
            {"another": 1},
        ],
        ids=str,
    )
    def test_anything_else_is_refused_with_a_diff(self, changes: dict[str, object]) -> None:
        with pytest.raises(AssertionError, match=r"--- printed\n\+\+\+ sent"):
            assert_same_json(self.sent(**changes), self.golden, ("id", "dateCreated"))

    def test_a_missing_key_is_refused(self) -> None:
        sent = json.loads(self.golden.body)
        del sent["id"]
        with pytest.raises(AssertionError, match='-  "id": "<integer id>"'):
            assert_same_json(json.dumps(sent).encode(), self.golden, ("id",))

    @pytest.mark.parametrize(
        "sent", [b"", b"<html>", b'{"id": 4, "id": 4}', b'{"id": NaN}', b"\xff"]
    )
    def test_what_is_not_json_is_refused(self, sent: bytes) -> None:
        with pytest.raises(AssertionError, match="not JSON"):
            assert_same_json(sent, self.golden)

    def test_a_mask_that_finds_nothing_is_refused(self) -> None:
        with pytest.raises(AssertionError, match="finds nothing"):
            assert_same_json(self.golden.body, self.golden, ("data.id",))

    def test_words_cannot_be_masked(self) -> None:
        with pytest.raises(ValueError, match="no shape describes None"):
            assert_same_json(b"{}", replace(self.golden, body=b'{"a": null}'), ("a",))

    def test_a_star_stands_for_every_row(self) -> None:
        golden = load("valomnia", "list-200")
        sent = golden.body.replace(b'"id": 5', b'"id": 500')
        assert_same_json(sent, golden, ("data.*.id", "data.*.customerGroup.id"))

    def test_a_row_too_many_is_refused_behind_a_mask(self) -> None:
        golden = load("valomnia", "list-200")
        sent = json.loads(golden.body)
        sent["data"].append(sent["data"][0])
        with pytest.raises(AssertionError, match="printed"):
            assert_same_json(json.dumps(sent).encode(), golden, ("data.*.id",))

    def test_crm_com_ids_and_codes(self) -> None:
        golden = load("crmcom", "request-promo-code-response")
        kinds = [f"{did}_by_{who}" for did in ("created", "updated") for who in ("unit", "user")]
        masks = ("data.id", "data.code", *(f"data.log_information.{kind}.id" for kind in kinds))
        sent = golden.body.replace(b'"id": "1"', b'"id": "0123456789ABCDEF0123456789ABCDEF"')
        sent = sent.replace(b"SC4dcj1p4sathzZ", b"SC4I0EnXfSky6Qt")
        assert_same_json(sent, golden, masks)
        short = golden.body.replace(b"7EC78A3B3A8E4C3B9ED3EA5E394AD4EB", b"7")
        with pytest.raises(AssertionError, match="32 upper-case hex digits"):
            assert_same_json(short, golden, ("data.id",))

    def test_a_masked_url_keeps_its_path(self) -> None:
        golden = load("oracle", "batch-grant-promotions-200")
        sent = golden.body.replace(b"localhost:9080", b"shop.example")
        assert_same_json(sent, golden, ("links.0.href",))
        with pytest.raises(AssertionError, match="URL of /ccadmin/v1/profiles"):
            assert_same_json(sent.replace(b"/v1/", b"/v2/"), golden, ("links.*.href",))


def test_mask_json_names_the_shapes() -> None:
    masked = mask_json('{"id": "1", "rows": [{"id": 5}, {}]}', ("id", "rows.*.id", "nowhere"))
    assert masked == {"id": "<short id>", "rows": [{"id": "<integer id>"}, {}]}


class TestAssertSameBytes:
    golden = load("intershop", "mails-xml-request")
    masks = (r"<code>([0-9A-Z]{12})</code>",)

    def test_the_masked_span_does_not_count(self) -> None:
        sent = self.golden.body.replace(b"CCZN413KW8RK", b"CC2M8Y5VY4MW")
        assert_same_bytes(sent, self.golden, self.masks)

    @pytest.mark.parametrize(
        ("old", "new"),
        [(b"CCZN413KW8RK", b"cc"), (b"discount </", b"discount</"), (b"\n", b"\r\n")],
    )
    def test_any_other_byte_counts(self, old: bytes, new: bytes) -> None:
        with pytest.raises(AssertionError, match="--- printed"):
            assert_same_bytes(self.golden.body.replace(old, new), self.golden, self.masks)

    def test_a_mask_that_finds_nothing_is_refused(self) -> None:
        with pytest.raises(AssertionError, match="finds nothing"):
            assert_same_bytes(self.golden.body, self.golden, ("<nothing>",))
