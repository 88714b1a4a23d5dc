from web import login_required


@login_required
def invoices(request):
    return all_of(request)
