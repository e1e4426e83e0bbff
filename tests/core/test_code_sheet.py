"""Reading sheets of codes: whatever a file is, it is read line by line, refused, or told line by line."""

import tracemalloc
from datetime import UTC, datetime

import pytest

from largesse.core.codes.sheet import KEPT_BYTES, head_of, lines_of, row_of, text_of
from largesse.core.errors import InvalidValue

MIB = 1024 * 1024


def texts(*blocks: bytes) -> list[str]:
    return [text_of(line) for line in lines_of(blocks)]


class TestLines:
    @pytest.mark.parametrize("end", [b"\n", b"\r\n"])
    def test_they_end_with_lf_or_crlf_and_the_last_one_need_not(self, end: bytes) -> None:
        whole = end.join([b"one", b"", b"three"])
        assert texts(whole) == texts(whole + end) == ["one", "", "three"]

    @pytest.mark.parametrize("size", [1, 2, 3, 7])
    def test_it_does_not_matter_where_a_block_ends(self, size: int) -> None:
        whole = "one\r\nzwölf\r\n\r\n€uro\n".encode()
        blocks = [whole[start : start + size] for start in range(0, len(whole), size)]
        assert texts(*blocks) == ["one", "zwölf", "", "€uro"]

    def test_one_of_256_megabytes_takes_no_more_memory_than_two_blocks(self) -> None:
        block = b"x" * MIB
        tracemalloc.start()
        try:
            found = list(lines_of(block for _ in range(256)))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert found == [b"x" * KEPT_BYTES]
        assert peak < 8 * MIB

    def test_one_behind_a_long_one_is_whole(self) -> None:
        lines = texts(b"a\n" + b"x" * MIB, b"y" * MIB, b"\nb\n")
        assert (lines[0], lines[2]) == ("a", "b")
        with pytest.raises(ValueError, match="longer than 1,000"):
            row_of(lines[1], ("code",))

    @pytest.mark.parametrize("character", ["x", "ß", "€", "😀"])
    def test_a_line_is_as_long_as_it_may_be(self, character: str) -> None:
        for length in (1000, 1001):
            (line,) = texts((character * length).encode())
            if length == 1000:
                assert row_of(line, ("code",)) == (line, None)
            else:
                with pytest.raises(ValueError, match="longer than 1,000"):
                    row_of(line, ("code",))

    @pytest.mark.parametrize("raw", [b"M\xfcller", b"a\0b", b"\xed\xa0\x80", b"\xff"])
    def test_what_is_not_utf_8_is_told(self, raw: bytes) -> None:
        with pytest.raises(ValueError, match="not UTF-8"):
            row_of(text_of(raw), ("code",))


class TestHead:
    @pytest.mark.parametrize(
        ("line", "columns", "named"),
        [
            ("code", ("code",), True),
            (" Code ", ("code",), True),
            ("code,expires_at", ("code", "expires_at"), True),
            ('"expires_at","code"', ("expires_at", "code"), True),
            ("SUMMER", ("code",), False),
            ("PK1234", ("code",), False),
        ],
    )
    def test_it_names_the_columns_or_is_a_code(
        self, line: str, columns: tuple[str, ...], named: bool
    ) -> None:
        head = head_of(line)
        assert (head.columns, head.named) == (columns, named)

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ("code,code", "two columns 'code'"),
            ("code,Code", "two columns 'code'"),
            ("code,price", "a column 'price'"),
            ("code,", "a column ''"),
            ("code;expires_at", "commas"),
            ("code\texpires_at", "commas"),
            ("A1,A2", "names its columns"),
            ("name,value", "names its columns"),
            ('"code', "line 1 can not be read"),
            (text_of(b"\xff\xfec\0o\0d\0e\0"), "UTF-8"),
            (text_of(b"c\0o\0d\0e\0"), "UTF-8"),
            (text_of(b"PK\x03\x04\x14\0\0\0"), "UTF-8"),
            (text_of(b"\x1f\x8b\x08\0"), "UTF-8"),
            (text_of("Gutschein für".encode("latin-1")), "UTF-8"),
        ],
    )
    def test_any_other_file_is_refused(self, line: str, reason: str) -> None:
        with pytest.raises(InvalidValue, match=reason) as refused:
            head_of(line)
        assert refused.value.field == "file"


class TestRows:
    def test_a_code_may_expire(self) -> None:
        both = ("code", "expires_at")
        moment = datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC)
        assert row_of("A1,2027-01-31T23:59:59Z", both) == ("A1", moment)
        assert row_of("A1,2027-02-01T00:59:59+01:00", both) == ("A1", moment)
        assert row_of(" A1 , ", both) == ("A1", None)
        assert row_of('"A,1",', both) == ("A,1", None)
        assert row_of(",A1", ("expires_at", "code")) == ("A1", None)

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ("A1", "1 cells, not 2"),
            ("A1,,", "3 cells, not 2"),
            ("A1,2027-01-31", "expires in another form"),
            ("A1,2027-01-31T23:59:59", "expires in another form"),
            ("A1,tomorrow", "expires in another form"),
            ("A1,0001-01-01T00:00:00+14:00", "expires in another form"),
            ('"A1,', "can not be read"),
            ('"A"1,', "can not be read"),
        ],
    )
    def test_any_other_form_is_told(self, line: str, reason: str) -> None:
        with pytest.raises(ValueError, match=reason):
            row_of(line, ("code", "expires_at"))
