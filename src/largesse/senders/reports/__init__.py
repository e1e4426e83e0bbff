"""What comes back of mails: bounces and complaints, as mail systems and services report them.

Knows no domain: it reads formats and checks signatures.
"""
