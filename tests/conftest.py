"""What every test stands on: chance may take its time, since no test measures it."""

from hypothesis import settings

settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")
