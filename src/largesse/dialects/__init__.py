"""The wires, one folder a vendor; `app.py` lists them."""
