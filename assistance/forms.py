"""Formulaires de l’aide : chaque erreur se pose sur le champ à corriger, et rien de saisi ne se perd."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from dsfr.forms import DsfrBaseForm

from annuaire.domaine.telephones import normaliser_telephone
from annuaire.models import Territoire
from assistance.actions import Fichier
from assistance.domaine.fichiers import EXTENSIONS, FORMATS, FichierRefuse, nom_sur, reconnaitre
from assistance.enums import Destination, EtatTicket, Profil, profil_de
from assistance.lectures import territoires_connus
from assistance.models import ROLE_DE, Theme, Ticket, TicketQuerySet
from comptes.models import Compte

FICHIERS_MAX = 3
MESSAGE_MAX = 2000
AUTRE_TERRITOIRE = "autre"
_SANS_PATIENT = (
    "Aucune donnée de patient : ni nom, ni numéro de sécurité sociale, ni adresse, ni motif de soins."
)


class ProfilForm(DsfrBaseForm):
    """Première étape d’une personne non connectée : en quelle qualité elle écrit."""

    profil = forms.ChoiceField(
        label="Vous êtes",
        choices=[
            (Profil.ANONYME, "Sans compte, ou dans l’impossibilité de vous connecter"),
            *((profil, profil.label) for profil in Profil if profil is not Profil.ANONYME),
        ],
        initial=Profil.ANONYME,
    )


class _Fichiers(forms.ClearableFileInput):
    allow_multiple_selected = True
    group_class = "fr-upload-group"


class FichiersField(forms.FileField):
    """Jusqu’à trois fichiers ; chacun est jugé sur son contenu. Rend des `Fichier`."""

    widget = _Fichiers

    def clean(self, data: Any, initial: Any = None) -> list[Fichier]:
        recus: list[UploadedFile] = [fichier for fichier in data or [] if fichier]
        if len(recus) > FICHIERS_MAX:
            raise forms.ValidationError(
                f"Joignez {FICHIERS_MAX} fichiers au plus, et choisissez-les de nouveau."
            )
        gardes, refus = [], []
        for recu in recus:
            nom = nom_sur(recu.name or "")
            # Un octet de plus que le maximum suffit à le dépasser : un gros fichier n’est pas lu en entier.
            contenu = recu.read(1024 * 1024 + 1)
            try:
                gardes.append(Fichier(nom, reconnaitre(nom, contenu), contenu))
            except FichierRefuse as motif:
                refus.append(f"« {nom} » : {motif}")
        if refus:
            raise forms.ValidationError(
                [*refus, "Le reste de votre demande est gardé ; choisissez de nouveau vos fichiers."]
            )
        return gardes


class ContactForm(DsfrBaseForm):
    """Une demande. Ce que la plateforme sait de la personne est rempli, et ne se change pas ici."""

    role = forms.CharField(label="Vous êtes", disabled=True)
    theme = forms.ModelChoiceField(
        label="Votre demande concerne", queryset=Theme.objects.none(), empty_label="Choisissez un thème"
    )
    nom = forms.CharField(
        label="Nom", max_length=30, widget=forms.TextInput(attrs={"autocomplete": "family-name"})
    )
    prenom = forms.CharField(
        label="Prénom", max_length=30, widget=forms.TextInput(attrs={"autocomplete": "given-name"})
    )
    telephone = forms.CharField(
        label="Téléphone",
        help_text="Numéro français, métropole ou outre-mer. Par exemple : 06 12 34 56 78 ou +33 6 12 34 56 78",
        max_length=25,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    email = forms.EmailField(
        label="Adresse électronique",
        help_text="Par exemple : prenom.nom@exemple.fr",
        max_length=200,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    territoire = forms.ChoiceField(label="Territoire")
    message = forms.CharField(
        label="Message",
        help_text=f"2 000 caractères au plus. Dites la page, ce que vous vouliez faire et ce qui s’est passé. {_SANS_PATIENT}",
        max_length=MESSAGE_MAX,
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    fichiers = FichiersField(
        label="Pièces jointes",
        help_text=f"{FICHIERS_MAX} fichiers au plus, 1 Mo chacun. Formats : {FORMATS}. Vérifiez qu’aucun patient n’y apparaît.",
        required=False,
        widget=_Fichiers(attrs={"class": "fr-upload", "accept": ",".join(EXTENSIONS)}),
    )
    # Un leurre que personne ne voit : un programme le remplit.
    site_web = forms.CharField(required=False, max_length=200)

    field_order = [
        "role",
        "theme",
        "nom",
        "prenom",
        "telephone",
        "email",
        "territoire",
        "message",
        "fichiers",
    ]

    def __init__(
        self, *args: Any, compte: Compte | None, profil: Profil, instant: datetime, **kwargs: Any
    ) -> None:
        self.profil = profil_de(compte.roles) if compte and compte.roles else profil
        connus = territoires_connus(compte, instant=instant) if compte else []
        super().__init__(*args, **kwargs)
        champs = self.fields
        champs["role"].initial = dict(ProfilForm.base_fields["profil"].choices)[self.profil]
        champs["theme"].queryset = Theme.objects.filter(profil=self.profil).order_by("ordre", "pk")
        champs["theme"].label_from_instance = lambda theme: theme.libelle
        champs["territoire"].choices = _choix_de_territoire(connus)
        if compte:
            self._remplir(compte, connus)

    def _remplir(self, compte: Compte, connus: list[Territoire]) -> None:
        valeurs = {"nom": compte.nom[:30], "prenom": compte.prenom[:30], "email": compte.email or ""}
        if len(connus) == 1:
            valeurs["territoire"] = str(connus[0].pk)
        for nom, valeur in valeurs.items():
            if valeur:
                self.fields[nom].initial = valeur
                self.fields[nom].disabled = True

    def clean_territoire(self) -> Territoire | None:
        choisi = self.cleaned_data["territoire"]
        return None if choisi == AUTRE_TERRITOIRE else Territoire.objects.get(pk=choisi)

    def clean(self) -> dict[str, Any]:
        donnees = super().clean() or self.cleaned_data
        if donnees.get("site_web"):
            self.add_error(
                None, "Un champ caché a été rempli, par un programme sans doute. Envoyez de nouveau."
            )
        if "telephone" in donnees:
            numero = _telephone(donnees["telephone"], donnees.get("territoire"))
            if numero:
                donnees["telephone"] = numero
            else:
                self.add_error(
                    "telephone",
                    "Ce n’est pas un numéro français. Exemples : 06 12 34 56 78, +33 6 12 34 56 78.",
                )
        return donnees

    def ticket(self) -> Ticket:
        donnees = self.cleaned_data
        return Ticket(
            profil=self.profil,
            **{
                champ: donnees[champ]
                for champ in ("theme", "nom", "prenom", "telephone", "email", "territoire", "message")
            },
        )


def _choix_de_territoire(connus: list[Territoire]) -> list[tuple[str, str]]:
    territoires = connus or list(Territoire.objects.order_by("nom", "pk"))
    choix = [(str(territoire.pk), territoire.nom) for territoire in territoires]
    if len(connus) != 1:
        choix = [
            ("", "Choisissez un territoire"),
            *choix,
            (AUTRE_TERRITOIRE, "Le mien n’est pas dans la liste"),
        ]
    return choix


def _telephone(texte: str, territoire: Territoire | None) -> str:
    """Forme internationale ; les numéros du Pacifique, sans indicatif, se lisent d’après le territoire."""
    codes = territoire.departements.values_list("pk", flat=True) if territoire else []
    return next(filter(None, (normaliser_telephone(texte, code) for code in ["", *codes])), "")


class MessageForm(DsfrBaseForm):
    texte = forms.CharField(
        label="Votre message",
        help_text=f"2 000 caractères au plus. {_SANS_PATIENT}",
        max_length=MESSAGE_MAX,
        widget=forms.Textarea(attrs={"rows": 6}),
    )


class ReponseForm(MessageForm):
    est_interne = forms.BooleanField(
        label="Note interne",
        help_text="Vue seulement des personnes qui traitent la demande ; aucun courriel ne part.",
        required=False,
    )


class ReaffectationForm(DsfrBaseForm):
    destination = forms.ChoiceField(label="Destinataire", choices=Destination.choices)
    territoire = forms.ModelChoiceField(
        label="Territoire",
        queryset=Territoire.objects.order_by("nom", "pk"),
        required=False,
        empty_label="Aucun",
    )

    def clean(self) -> dict[str, Any]:
        donnees = super().clean() or self.cleaned_data
        if donnees.get("destination") in set(ROLE_DE) and not donnees.get("territoire"):
            self.add_error("territoire", "Ce destinataire dépend d’un territoire : choisissez-le.")
        return donnees


class FiltreForm(DsfrBaseForm):
    """Filtres de la liste à traiter ; une valeur inconnue ne filtre rien."""

    etat = forms.ChoiceField(
        label="État", choices=[("", "Non closes"), ("tous", "Tous"), *EtatTicket.choices], required=False
    )
    destination = forms.ChoiceField(
        label="Destinataire", choices=[("", "Tous"), *Destination.choices], required=False
    )
    territoire = forms.ModelChoiceField(
        label="Territoire", queryset=Territoire.objects.none(), required=False, empty_label="Tous"
    )
    a_moi = forms.BooleanField(label="Suivies par moi", required=False)

    def __init__(self, *args: Any, tickets: TicketQuerySet, compte: Compte, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tickets, self.compte = tickets, compte
        siens = Territoire.objects.filter(pk__in=tickets.values("territoire")).order_by("nom", "pk")
        self.fields["territoire"].queryset = siens

    def appliquer(self) -> TicketQuerySet:
        self.is_valid()
        choix, tickets = self.cleaned_data, self.tickets
        if not choix.get("etat"):
            tickets = tickets.exclude(etat=EtatTicket.CLOS)
        elif choix["etat"] != "tous":
            tickets = tickets.filter(etat=choix["etat"])
        for champ in ("destination", "territoire"):
            if choix.get(champ):
                tickets = tickets.filter(**{champ: choix[champ]})
        if choix.get("a_moi"):
            tickets = tickets.filter(traite_par=self.compte)
        return tickets.pour_liste()
