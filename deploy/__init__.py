"""How the services are run: the roof, and the only floor that knows several of them."""
