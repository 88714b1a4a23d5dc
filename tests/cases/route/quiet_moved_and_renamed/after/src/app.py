from flask import Flask

from orders import orders

app = Flask(__name__)
app.register_blueprint(orders)
