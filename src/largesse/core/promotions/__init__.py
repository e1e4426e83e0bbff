"""What is offered: promotions and the channels they are offered in."""
