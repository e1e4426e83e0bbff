"""What is played: the requests that the five documents print, each after its vendor's login."""

from largesse.demo.scenes.crmcom import applied, promo_code
from largesse.demo.scenes.intershop import contact_centre, newsletter, storefront
from largesse.demo.scenes.oracle import coupons, grants
from largesse.demo.scenes.play import Play, Scene
from largesse.demo.scenes.valomnia import assignments, targeting

__all__ = ["SCENES", "Play"]

SCENES: tuple[Scene, ...] = (
    contact_centre,
    grants,
    coupons,
    promo_code,
    applied,
    assignments,
    targeting,
    newsletter,
    storefront,
)
