"""Reports on mails: the bounces and complaints that came back, each kept once."""
