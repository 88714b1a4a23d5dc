from django.contrib.auth.decorators import login_required, permission_required


def prices(request):
    return render(request, "prices.html")


@permission_required("shop.refund")
def refund(request):
    return render(request, "refund.html")
