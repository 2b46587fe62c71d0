"""Routes de django-allauth, sous les noms qu’elle emploie ; celles qui manquent ici n’existent pas."""

from allauth.account import views as compte
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from django.urls import path, re_path

from comptes.local import views

urlpatterns = [
    path("compte/connexion/", views.Connexion.as_view(), name="account_login"),
    path("compte/desactive/", compte.account_inactive, name="account_inactive"),
    path("compte/oubli/", compte.password_reset, name="account_reset_password"),
    path("compte/oubli/envoye/", compte.password_reset_done, name="account_reset_password_done"),
    re_path(
        # La clé porte elle-même un tiret.
        r"^compte/oubli/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[\w-]+)/$",
        compte.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "compte/oubli/fait/",
        compte.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("compte/mot-de-passe/", views.ChangementMotDePasse.as_view(), name="account_change_password"),
    path("compte/premier-mot-de-passe/", views.PremierMotDePasse.as_view(), name="account_set_password"),
    path("compte/verification/", compte.reauthenticate, name="account_reauthenticate"),
    path("compte/second-facteur/", views.retour_aux_identifiants, name="mfa_index"),
    path("compte/second-facteur/code/", mfa.authenticate, name="mfa_authenticate"),
    path("compte/second-facteur/verification/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("compte/second-facteur/activer/", totp.activate_totp, name="mfa_activate_totp"),
    path(
        "compte/second-facteur/desactiver/",
        views.avec_second_facteur(totp.deactivate_totp),
        name="mfa_deactivate_totp",
    ),
    path(
        "compte/second-facteur/codes/",
        views.avec_second_facteur(codes.view_recovery_codes),
        name="mfa_view_recovery_codes",
    ),
    path(
        "compte/second-facteur/codes/nouveaux/",
        views.avec_second_facteur(codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "compte/second-facteur/codes/telecharger/",
        views.avec_second_facteur(codes.download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
]
