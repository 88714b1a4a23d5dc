from django.contrib.auth.decorators import login_required, permission_required


@login_required
def prices(request):
    return render(request, "prices.html")


@login_required
def refund(request):
    return render(request, "refund.html")
