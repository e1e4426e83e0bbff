"""What belongs to one customer and is given and taken away there: accounts, tokens, login, groups."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from largesse.admin import forms, nouns, render
from largesse.admin.forms import Choice, Field
from largesse.admin.language import N_
from largesse.admin.nouns import Noun, page, record_in
from largesse.admin.pages.customers import ACCOUNT_KINDS, CUSTOMER, name_of, path_of
from largesse.admin.pages.promotion_lists import name_of as list_name
from largesse.admin.render import Page
from largesse.core.access.model import Right
from largesse.core.customers.model import Customer, TokenState
from largesse.core.search.browse import Browse
from largesse.wire.call import Call

MOST_CHOICES = 500
"""Groups or lists to choose one from."""


async def _groups(call: Call) -> Sequence[Choice]:
    query = Browse(order="name", descending=False, limit=MOST_CHOICES)
    found = await call.services.groups.browse(call.caller, query)
    return [(str(one.id), one.name) for one in found.items]


async def _lists(call: Call) -> Sequence[Choice]:
    """Return the lists that can be assigned: those that are not for all."""
    query = Browse(filters={"applies_to_all": [False]}, limit=MOST_CHOICES)
    found = await call.services.promotion_lists.browse(call.caller, query)
    return [(str(one.id), list_name(one)) for one in found.items]


Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Giving:
    """A form by which a customer is given something."""

    path: str
    """Below the customer's."""
    title: str
    fields: Sequence[Field]
    do: Callable[[Call, Customer, Values], Awaitable[Any]]
    done: str
    right: Right = Right.MANAGE_CUSTOMERS


async def _give_account(call: Call, customer: Customer, values: Values) -> None:
    new = {"customer_id": customer.id, **values}
    await call.services.accounts.create(call.caller, new)


async def _give_token(call: Call, customer: Customer, values: Values) -> None:
    new = {name: value for name, value in values.items() if value is not None}
    await call.services.customer_tokens.create(call.caller, new | {"customer_id": customer.id})


async def _give_login(call: Call, customer: Customer, values: Values) -> None:
    await call.services.customer_logins.put(
        call.caller, customer.id, password=values["password"], login=values["login"]
    )


async def _put_in_group(call: Call, customer: Customer, values: Values) -> None:
    await call.services.groups.add_member(call.caller, int(values["group"]), customer.id)


async def _assign_list(call: Call, customer: Customer, values: Values) -> None:
    new = {"customer_id": customer.id, "list_id": int(values["list"])}
    await call.services.customer_assignments.create(call.caller, new)


ACCOUNT_FIELDS = (
    Field("kind", N_("Kind"), "choice", required=True, choices=ACCOUNT_KINDS),
    Field("number", N_("Number"), required=True, longest=100),
    Field("name", N_("Name"), longest=200),
)

GIVINGS = (
    Giving(
        path="accounts",
        title=N_("New account of %(name)s"),
        fields=ACCOUNT_FIELDS,
        do=_give_account,
        done=N_("The account was made."),
    ),
    Giving(
        path="tokens",
        title=N_("New token of %(name)s"),
        fields=(
            Field(
                "identifier",
                N_("Identifier"),
                longest=254,
                help=N_("E.g. the number of a card. It needs the pass code beside it."),
            ),
            Field("pass_code", N_("Pass code"), "password", longest=200),
            Field(
                "authentication_code",
                N_("Authentication code"),
                "password",
                longest=200,
                help=N_("Identifies the customer by itself, e.g. the chip of a card."),
            ),
            Field(
                "one_time_password",
                N_("One-time password"),
                "password",
                longest=200,
                help=N_("Identifies the customer by itself, and once only."),
            ),
            Field("effective_from", N_("Valid from"), "moment"),
            Field("effective_to", N_("Valid until"), "moment"),
        ),
        do=_give_token,
        done=N_("The token was made. What is secret in it is not shown again."),
    ),
    Giving(
        path="login",
        title=N_("Login of %(name)s"),
        fields=(
            Field(
                "login",
                N_("Login"),
                longest=254,
                help=N_("Left empty, it stays as it is, or is the e-mail address."),
            ),
            Field("password", N_("Password"), "password", required=True, longest=1000),
        ),
        do=_give_login,
        done=N_("The login was set. Where the customer was logged in, it is no longer."),
    ),
    Giving(
        path="groups/new",
        title=N_("Put %(name)s into a group"),
        fields=(Field("group", N_("Group"), "choice", required=True, choices=_groups),),
        do=_put_in_group,
        done=N_("The customer is in the group."),
        right=Right.MANAGE_LISTS,
    ),
    Giving(
        path="lists/new",
        title=N_("Assign a list to %(name)s"),
        fields=(Field("list", N_("List"), "choice", required=True, choices=_lists),),
        do=_assign_list,
        done=N_("The customer gets the list."),
        right=Right.MANAGE_LISTS,
    ),
)

ACCOUNT = Noun(
    path="/accounts",
    source=lambda services: services.accounts,
    fields=ACCOUNT_FIELDS,
    right=Right.MANAGE_CUSTOMERS,
    new="",
    name=lambda account: account.number,
    delete=N_("Delete the account %(name)s?"),
    open=lambda account: f"/customers/{account.customer_id.hex}",
    left=lambda account: f"/customers/{account.customer_id.hex}",
)


def _asking(giving: Giving) -> Any:
    async def ask(call: Call) -> Page:
        call.caller.require(giving.right)
        customer = await record_in(call, CUSTOMER.source)
        return _page(
            call, giving, customer, await forms.blank(call, render.viewer(call), giving.fields)
        )

    return ask


def _doing(giving: Giving) -> Any:
    async def do(call: Call) -> Any:
        call.caller.require(giving.right)
        customer = await record_in(call, CUSTOMER.source)
        form = await forms.read(call, render.viewer(call), giving.fields)
        if form.is_good:
            with form.refusing():
                await giving.do(call, customer, form.values)
                return render.go(call, path_of(customer), form.viewer.say(giving.done))
        return _page(call, giving, customer, form)

    return do


def _page(call: Call, giving: Giving, customer: Customer, form: forms.Form) -> Page:
    data = {
        "form": form,
        "title": form.viewer.say(giving.title, name=name_of(customer)),
        "is_new": False,
        "action": call.scope["path"],
        "back": path_of(customer),
        "delete": None,
    }
    return Page("form.html", data, status=None if form.is_good else 422)


# --- what is taken away ------------------------------------------------------------------------


async def ask_to_remove_login(call: Call) -> Page:
    """Ask whether a customer is to have no login any more."""
    call.caller.require(Right.MANAGE_CUSTOMERS)
    customer = await record_in(call, CUSTOMER.source)
    question = N_("Take the login of %(name)s away?")
    return _question(call, customer, question, N_("Take away"), name_of(customer))


async def remove_login(call: Call) -> Any:
    """Take a customer's login away."""
    customer = await record_in(call, CUSTOMER.source)
    await call.services.customer_logins.delete(call.caller, customer.id)
    said = render.viewer(call).say(N_("The login was taken away."))
    return render.go(call, path_of(customer), said)


async def ask_to_cancel_token(call: Call) -> Page:
    """Ask whether a customer token is to identify nobody any more."""
    call.caller.require(Right.MANAGE_CUSTOMERS)
    token = await record_in(call, lambda services: services.customer_tokens)
    customer = await call.services.customers.get(call.caller, token.customer_id)
    question = N_("Cancel the token %(name)s? It identifies nobody any more.")
    return _question(call, customer, question, N_("Cancel the token"), token.identifier or "")


async def cancel_token(call: Call) -> Any:
    """Let a customer token identify nobody any more."""
    token = await record_in(call, lambda services: services.customer_tokens)
    await call.services.customer_tokens.change(
        call.caller, token.id, {"state": TokenState.TERMINATED}
    )
    said = render.viewer(call).say(N_("The token was cancelled."))
    return render.go(call, f"/customers/{token.customer_id.hex}", said)


def _question(call: Call, customer: Customer, question: str, label: str, name: str) -> Page:
    return render.asking(
        call, render.viewer(call).say(question, name=name), label, back=path_of(customer)
    )


ROUTES = (
    *(page("GET", f"/customers/{{id}}/{one.path}", _asking(one)) for one in GIVINGS),
    *(page("POST", f"/customers/{{id}}/{one.path}", _doing(one)) for one in GIVINGS),
    *(one for one in nouns.routes(ACCOUNT) if "{id}" in one.path),
    page("GET", "/customers/{id}/login/remove", ask_to_remove_login),
    page("POST", "/customers/{id}/login/remove", remove_login),
    page("GET", "/tokens/{id}/cancel", ask_to_cancel_token),
    page("POST", "/tokens/{id}/cancel", cancel_token),
)
