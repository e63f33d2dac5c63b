"""The page behind the link with which agents and admins choose a password."""

from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.invitations import accept_invitation, invited
from helpdesk.errors import Invalid
from helpdesk.own_account import NewPasswordForm, carried_out
from helpdesk.signing_in import page


def choose_password(request: HttpRequest, token: str) -> HttpResponse:
    try:
        user = invited(token)
    except Invalid as problem:
        answer = page(
            request, "admin/account/choose_password.html", title="Choose a password", problem=problem.sentence
        )
        answer.status_code = 404
        return answer
    form: forms.Form = NewPasswordForm(request.POST or None)
    form.fields["new"].widget.attrs["autofocus"] = True
    if form.is_valid():
        new = form.cleaned_data["new"]
        if carried_out(form, lambda: accept_invitation(token, password=new)):
            logout(request)  # whoever else was signed in here
            messages.success(request, "Your password is set. Log in with it.")
            return redirect("admin:login")
    return page(request, "admin/account/choose_password.html", title="Choose a password", form=form, email=user.email)
