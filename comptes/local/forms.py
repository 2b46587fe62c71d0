"""Formulaires des comptes locaux ; ceux de django-allauth, au système de design de l’État."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as allauth
from allauth.account.adapter import get_adapter
from allauth.mfa.base import forms as second_facteur
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.core.exceptions import ValidationError
from dsfr.forms import DsfrBaseForm

from comptes import mots_de_passe
from comptes.models import Compte

_AVEC_REGLES = "comptes/local/_champ_mot_de_passe.html"
_ADRESSE = "Adresse électronique"
_ADRESSE_AIDE = "Format attendu : nom@domaine.fr"


def _champ_adresse(libelle: str = _ADRESSE, autocomplete: str = "username") -> forms.EmailField:
    return forms.EmailField(
        label=libelle,
        help_text=_ADRESSE_AIDE,
        widget=forms.EmailInput(attrs={"autocomplete": autocomplete}),
        error_messages={
            "required": "Renseignez votre adresse électronique.",
            "invalid": "Cette adresse électronique n’est pas valable. Exemple : nom@domaine.fr.",
        },
    )


def _secret(libelle: str, autocomplete: str = "current-password") -> forms.CharField:
    return forms.CharField(
        label=libelle,
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
        error_messages={"required": "Renseignez ce mot de passe."},
    )


# Les classes `_…` règlent les champs de la bibliothèque avant que `DsfrBaseForm`, à leur gauche, ne les habille.


class _NouveauMotDePasse(forms.Form):
    """Un seul champ, que l’on peut afficher : le retaper n’apprend rien de plus."""

    user: Compte
    libelle = "Nouveau mot de passe"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("password2", None)
        champ = self.fields["password1"] = _secret(self.libelle, "new-password")
        champ.template_name = _AVEC_REGLES  # type: ignore[attr-defined]  # Django 5 ; les types l’ignorent
        champ.widget.attrs |= {
            "class": "fr-password__input fr-input",
            "aria-describedby": "id_password1-erreurs id_password1-regles",
        }
        self.order_fields(["oldpassword", "password1"])

    def clean_password1(self) -> str:
        mot_de_passe: str = self.cleaned_data["password1"]
        mots_de_passe.verifier(mot_de_passe, self.user)
        return mot_de_passe

    def clean(self) -> dict[str, Any]:
        # Celui de la bibliothèque compare à un second champ, qu’il n’y a pas ici.
        return self.cleaned_data


class ActivationForm(DsfrBaseForm, _NouveauMotDePasse):
    libelle = "Votre nouveau mot de passe"
    cgu = forms.BooleanField(
        label="J’ai lu et j’accepte les conditions générales d’utilisation.",
        error_messages={
            "required": "Acceptez les conditions générales d’utilisation pour activer le compte."
        },
    )

    def __init__(self, *args: Any, compte: Compte, **kwargs: Any) -> None:
        self.user = compte
        super().__init__(*args, **kwargs)


class _Connexion(allauth.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = _champ_adresse()
        self.fields["password"] = _secret("Mot de passe")
        self.order_fields(["login", "password"])

    def clean_login(self) -> str:
        return str(self.cleaned_data["login"]).strip().lower()


class ConnexionForm(DsfrBaseForm, _Connexion):
    pass


class OubliForm(DsfrBaseForm, allauth.ResetPasswordForm):
    email = _champ_adresse(autocomplete="email")


class ReinitialisationForm(DsfrBaseForm, _NouveauMotDePasse, allauth.ResetPasswordKeyForm):
    def save(self) -> None:
        super().save()
        get_adapter().oublier_les_echecs(self.user)


class ChangementForm(DsfrBaseForm, _NouveauMotDePasse, allauth.ChangePasswordForm):
    oldpassword = _secret("Mot de passe actuel")


class PremierMotDePasseForm(DsfrBaseForm, _NouveauMotDePasse, allauth.SetPasswordForm):
    pass


class ReauthentificationForm(DsfrBaseForm, allauth.ReauthenticateForm):
    password = _secret("Votre mot de passe")


class _Code(forms.Form):
    libelle = "Code à six chiffres"
    aide = "Celui qu’affiche votre application d’authentification."

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code = self.fields["code"] = forms.CharField(
            label=self.libelle,
            help_text=self.aide,
            max_length=20,
            error_messages={"required": "Tapez le code."},
        )
        code.widget.attrs |= {"inputmode": "numeric", "autocomplete": "one-time-code"}


class SecondFacteurForm(DsfrBaseForm, _Code, second_facteur.AuthenticateForm):
    libelle = "Code"
    aide = "Les six chiffres de votre application d’authentification, ou l’un de vos codes de secours."


class SecondFacteurRedemandeForm(DsfrBaseForm, _Code, second_facteur.ReauthenticateForm):
    pass


class ActivationSecondFacteurForm(DsfrBaseForm, _Code, ActivateTOTPForm):
    pass


class AdresseForm(DsfrBaseForm):
    adresse = _champ_adresse("Nouvelle adresse électronique", "email")
    mot_de_passe = _secret("Votre mot de passe")

    def __init__(self, *args: Any, compte: Compte, **kwargs: Any) -> None:
        self.compte = compte
        super().__init__(*args, **kwargs)
        if not compte.has_usable_password():
            del self.fields["mot_de_passe"]

    def clean_adresse(self) -> str:
        adresse = str(self.cleaned_data["adresse"]).lower()
        if adresse == self.compte.email:
            raise ValidationError("C’est déjà votre adresse.")
        return adresse

    def clean_mot_de_passe(self) -> str:
        mot_de_passe: str = self.cleaned_data["mot_de_passe"]
        if not get_adapter().reauthenticate(self.compte, mot_de_passe):
            raise ValidationError("Ce n’est pas votre mot de passe.")
        return mot_de_passe
