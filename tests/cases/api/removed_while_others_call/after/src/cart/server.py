class Carts(CartServiceServicer):
    def EmptyCart(self, request, context):
        return self.carts.EmptyCart(request.id)
