"""Templates of mails: what they may say, how they are filled, and how their mails are queued."""
