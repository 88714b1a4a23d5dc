from flask import Flask

app = Flask(__name__)


@app.route("/api/orders/<order>", methods=["GET"])
def show(order):
    return find(order)
