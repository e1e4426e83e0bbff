"""The native API's operations on redemptions."""

from largesse.core.redemptions.model import Redemption
from largesse.dialects.native import queries, schemas
from largesse.dialects.native.handlers import codes
from largesse.dialects.native.table import never, post, reads

REDEMPTIONS = (
    post("/codes/redeem", codes.redeem_code, request=schemas.CodeRedemption, response=Redemption),
    *reads("/redemptions", lambda s: s.redemptions, Redemption, query=queries.Redemptions),
    never("POST", "/redemptions", "A redemption comes from a code: POST /codes/redeem."),
    never("PATCH", "/redemptions/{id}", "What was redeemed is not changed."),
    never("DELETE", "/redemptions/{id}", "What was redeemed stays known."),
)
