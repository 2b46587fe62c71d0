"""Aide, demandes, formation, bannières : des contenus tenus dans l’administration, des demandes suivies."""

from __future__ import annotations

from datetime import datetime

from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from annuaire.models import Perimetre, Territoire
from assistance.enums import Destination, EtatTicket, NiveauBanniere, Profil, PublicBanniere
from comptes.enums import Role
from comptes.models import Compte, Habilitation


class Theme(models.Model):
    """Un thème d’aide pour un profil, et qui reçoit les demandes qui le portent (matrice B-21)."""

    profil = models.CharField("profil", max_length=30, choices=Profil.choices)
    libelle = models.CharField("thème", max_length=150)
    destination = models.CharField("destinataire", max_length=30, choices=Destination.choices)
    ordre = models.PositiveSmallIntegerField("ordre", default=0)

    class Meta:
        verbose_name = "thème d’aide"
        verbose_name_plural = "thèmes d’aide"
        constraints = [
            models.UniqueConstraint(
                name="theme_une_fois_par_profil",
                fields=["profil", "libelle"],
                violation_error_message="Ce thème existe déjà pour ce profil.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.libelle} ({self.get_profil_display()})"


class Question(models.Model):
    """Une question fréquente et sa réponse, en Markdown assaini à l’affichage (W-58)."""

    theme = models.ForeignKey(Theme, on_delete=models.CASCADE, related_name="questions")
    question = models.CharField("question", max_length=250)
    reponse = models.TextField("réponse", help_text="Markdown ; le HTML n’est pas interprété.")
    ordre = models.PositiveSmallIntegerField("ordre", default=0)
    est_publiee = models.BooleanField("publiée", default=True)

    class Meta:
        verbose_name = "question fréquente"
        verbose_name_plural = "questions fréquentes"

    def __str__(self) -> str:
        return self.question


ROLE_DE = {
    Destination.GESTIONNAIRE: Role.GESTIONNAIRE_COMPTES,
    Destination.REFERENT: Role.REFERENT,
}


def perimetres_de(role: Role, *, instant: datetime) -> QuerySet[Perimetre]:
    """Périmètres ouverts de celles et ceux qui portent ce rôle à cet instant, avec un compte actif."""
    habilitations = Habilitation.objects.filter(role=role, compte__is_active=True).en_cours(instant)
    return Perimetre.objects.en_cours(instant).filter(habilitation__in=habilitations)


class TicketQuerySet(models.QuerySet["Ticket"]):
    def visibles_par(self, compte: Compte) -> TicketQuerySet:
        """Les demandes qu’une personne a envoyées."""
        return self.filter(auteur=compte)

    def modifiables_par(self, compte: Compte, *, instant: datetime) -> TicketQuerySet:
        """Les demandes qu’une personne traite : celles adressées à son rôle, sur le territoire où elle le porte.

        Une personne gestionnaire ici et référente là ne traite pas, là, les
        demandes des gestionnaires : les deux périmètres ne se mêlent pas.
        """
        if Role.ADMINISTRATEUR in compte.roles:
            return self.all()
        admises = Q(pk__in=[])
        if Role.SUPPORT in compte.roles:
            admises |= Q(destination__in=[Destination.SUPPORT_N1, Destination.SUPPORT_N3])
        for destination, role in ROLE_DE.items():
            if role in compte.roles:
                siens = perimetres_de(role, instant=instant).filter(habilitation__compte=compte)
                admises |= Q(destination=destination, territoire__in=siens.values("territoire"))
        return self.filter(admises)

    def pour_liste(self) -> TicketQuerySet:
        return self.select_related("theme", "territoire", "traite_par").order_by("-cree_le", "-pk")


class Ticket(models.Model):
    """Une demande d’assistance : numérotée, adressée à une boîte, suivie par son auteur et par qui la traite.

    `empreinte_suivi` : empreinte du secret donné à une personne sans compte pour
    suivre sa demande. Aucune donnée de patient n’y a sa place ; la page le dit.
    """

    numero = models.CharField("numéro", max_length=20, unique=True, editable=False)
    auteur = models.ForeignKey(Compte, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    profil = models.CharField("profil", max_length=30, choices=Profil.choices)
    theme = models.ForeignKey(Theme, on_delete=models.PROTECT, related_name="tickets")
    nom = models.CharField("nom", max_length=30)
    prenom = models.CharField("prénom", max_length=30)
    telephone = models.CharField("téléphone", max_length=20)
    email = models.EmailField("adresse électronique", max_length=200)
    territoire = models.ForeignKey(
        Territoire, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="territoire"
    )
    message = models.TextField("message", validators=[MaxLengthValidator(2000)])
    destination = models.CharField("destinataire", max_length=30, choices=Destination.choices)
    etat = models.CharField("état", max_length=10, choices=EtatTicket.choices, default=EtatTicket.OUVERT)
    traite_par = models.ForeignKey(
        Compte, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="suivi par"
    )
    empreinte_suivi = models.CharField(max_length=64, unique=True, editable=False)
    cree_le = models.DateTimeField("créée le", default=timezone.now)
    clos_le = models.DateTimeField("close le", null=True, blank=True)

    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = "demande d’assistance"
        verbose_name_plural = "demandes d’assistance"
        constraints = [
            models.CheckConstraint(
                name="ticket_clos_date",
                condition=Q(etat="clos", clos_le__isnull=False) | (~Q(etat="clos") & Q(clos_le=None)),
                violation_error_message="Une demande close porte sa date.",
            ),
        ]

    def __str__(self) -> str:
        return self.numero

    @property
    def est_clos(self) -> bool:
        return self.etat == EtatTicket.CLOS


class Echange(models.Model):
    """Un message dans une demande ; `est_interne` : vu des seules personnes qui la traitent."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="echanges")
    auteur = models.ForeignKey(Compte, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    texte = models.TextField("message", validators=[MaxLengthValidator(2000)])
    est_interne = models.BooleanField("note interne", default=False)
    le = models.DateTimeField("le", default=timezone.now)

    class Meta:
        verbose_name = "échange"

    def __str__(self) -> str:
        return f"échange {self.pk}"


class PieceJointe(models.Model):
    """Fichier joint à une demande, rangé hors de la racine du site sous un nom tiré au hasard."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="pieces")
    fichier = models.FileField("fichier", upload_to="demandes/%Y/%m")
    nom = models.CharField("nom d’origine", max_length=150)
    type_mime = models.CharField("type constaté", max_length=100)
    taille = models.PositiveIntegerField("taille (octets)")

    class Meta:
        verbose_name = "pièce jointe"
        verbose_name_plural = "pièces jointes"

    def __str__(self) -> str:
        return self.nom


class PageFormation(models.Model):
    """Une page de l’espace de formation, pour un profil ; `rubrique` réunit les pages d’une même section."""

    profil = models.CharField("profil", max_length=30, choices=Profil.choices)
    rubrique = models.CharField("rubrique", max_length=150)
    titre = models.CharField("titre", max_length=150)
    contenu = models.TextField("contenu", help_text="Markdown ; le HTML n’est pas interprété.")
    ordre = models.PositiveSmallIntegerField("ordre", default=0)
    est_publiee = models.BooleanField("publiée", default=True)

    class Meta:
        verbose_name = "page de formation"
        verbose_name_plural = "pages de formation"

    def __str__(self) -> str:
        return self.titre


class Ressource(models.Model):
    """Document à télécharger, ou vidéo en lien avec sa transcription (accessibilité : jamais l’une sans l’autre)."""

    page = models.ForeignKey(PageFormation, on_delete=models.CASCADE, related_name="ressources")
    titre = models.CharField("titre", max_length=150)
    fichier = models.FileField("document", upload_to="formation/", blank=True)
    video = models.URLField("adresse de la vidéo", blank=True)
    transcription = models.TextField("transcription de la vidéo", blank=True)
    ordre = models.PositiveSmallIntegerField("ordre", default=0)

    class Meta:
        verbose_name = "ressource"
        constraints = [
            models.CheckConstraint(
                name="ressource_document_ou_video",
                condition=(~Q(fichier="") & Q(video="")) | (Q(fichier="") & ~Q(video="")),
                violation_error_message="Une ressource est un document ou une vidéo.",
            ),
            models.CheckConstraint(
                name="ressource_video_transcrite",
                condition=Q(video="") | ~Q(transcription=""),
                violation_error_message="Une vidéo a une transcription.",
            ),
        ]

    def __str__(self) -> str:
        return self.titre


class BanniereQuerySet(models.QuerySet["Banniere"]):
    def affichees(self, instant: datetime) -> BanniereQuerySet:
        return self.filter(debut_le__lte=instant, fin_le__gt=instant)


class Banniere(models.Model):
    """Information montrée en haut des pages entre deux dates (B-36)."""

    texte = models.CharField("texte", max_length=300)
    lien = models.URLField("lien", blank=True)
    niveau = models.CharField(
        "niveau", max_length=10, choices=NiveauBanniere.choices, default=NiveauBanniere.INFORMATION
    )
    public = models.CharField(
        "public", max_length=10, choices=PublicBanniere.choices, default=PublicBanniere.CONNECTES
    )
    debut_le = models.DateTimeField("affichée du")
    fin_le = models.DateTimeField("au")

    objects = BanniereQuerySet.as_manager()

    class Meta:
        verbose_name = "bannière"
        constraints = [
            models.CheckConstraint(
                name="banniere_fin_apres_debut",
                condition=Q(fin_le__gt=F("debut_le")),
                violation_error_message="La bannière finit avant d’avoir commencé.",
            ),
        ]

    def __str__(self) -> str:
        return self.texte
