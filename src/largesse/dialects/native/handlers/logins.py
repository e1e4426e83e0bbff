"""What customers log in with."""

from msgspec import UNSET

from largesse.core.customers.login_model import CustomerLogin
from largesse.core.errors import UnknownCustomer
from largesse.dialects.native.handlers.records import id_in
from largesse.dialects.native.mapping import to_uuid
from largesse.dialects.native.schemas.customers import NewCustomerLogin
from largesse.wire.call import Call


async def put_login(call: Call) -> CustomerLogin:
    """PUT /customers/{id}/login: set a customer's password, and login."""
    body: NewCustomerLogin = call.body
    return await call.services.customer_logins.put(
        call.caller,
        id_in(call, to_uuid, UnknownCustomer),
        password=body.password,
        login=None if body.login is UNSET else body.login,
    )


async def read_login(call: Call) -> CustomerLogin:
    """GET /customers/{id}/login: what a customer logs in with, but for the password."""
    return await call.services.customer_logins.get(
        call.caller, id_in(call, to_uuid, UnknownCustomer)
    )


async def delete_login(call: Call) -> None:
    """DELETE /customers/{id}/login: let a customer log in no more, and end its sessions."""
    await call.services.customer_logins.delete(call.caller, id_in(call, to_uuid, UnknownCustomer))
