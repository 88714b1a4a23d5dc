import os

DEBUG = False
CART_LIFETIME = 60 * 15
SECRET_KEY = os.environ["SECRET_KEY"]
