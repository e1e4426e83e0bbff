"""Newsletter subscriptions and the evidence of consent."""
