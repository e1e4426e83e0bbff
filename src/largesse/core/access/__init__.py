"""Who acts: organizations, units, users, application keys and the tokens they are exchanged for."""
