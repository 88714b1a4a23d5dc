from flask import Blueprint

orders = Blueprint("orders", __name__, url_prefix="/api/orders")


@orders.get("/<int:id>")
def show(id):
    return find(id)
