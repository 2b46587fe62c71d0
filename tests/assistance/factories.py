"""Les plus petites demandes valides ; personnes, adresses et numéros fictifs."""

from datetime import UTC, datetime

import factory
from factory.django import DjangoModelFactory

from annuaire.models import Perimetre, Territoire
from assistance.enums import Destination, EtatTicket, Profil
from assistance.models import Banniere, PieceJointe, Theme, Ticket
from tests.comptes.factories import DEBUT, CompteFactory, HabilitationFactory

MIDI = datetime(2026, 3, 17, 12, 0, tzinfo=UTC)


class TerritoireFactory(DjangoModelFactory):
    class Meta:
        model = Territoire

    nom = factory.Sequence(lambda n: f"Territoire fictif {n}")


class PerimetreFactory(DjangoModelFactory):
    """Un rôle, porté sur un territoire : `PerimetreFactory(habilitation__role=…, territoire=…)`."""

    class Meta:
        model = Perimetre

    habilitation = factory.SubFactory(HabilitationFactory)
    debut_le = DEBUT


class ThemeFactory(DjangoModelFactory):
    class Meta:
        model = Theme
        django_get_or_create = ("profil", "libelle")

    profil = Profil.EFFECTEUR
    libelle = "Mise à jour des informations de mon profil"
    destination = Destination.GESTIONNAIRE


class TicketFactory(DjangoModelFactory):
    class Meta:
        model = Ticket

    numero = factory.Sequence(lambda n: f"SAS-2026-{n:06d}")
    auteur = factory.SubFactory(CompteFactory)
    profil = Profil.EFFECTEUR
    theme = factory.SubFactory(ThemeFactory)
    nom = "Fictif"
    prenom = "Alix"
    telephone = "+33199000000"
    email = "alix.fictif@exemple.invalid"
    territoire = factory.SubFactory(TerritoireFactory)
    message = "Bonjour, mon adresse a changé."
    destination = Destination.GESTIONNAIRE
    empreinte_suivi = factory.Sequence(lambda n: f"{n:064d}")
    cree_le = MIDI

    class Params:
        clos = factory.Trait(etat=EtatTicket.CLOS, clos_le=MIDI)


class PieceFactory(DjangoModelFactory):
    class Meta:
        model = PieceJointe

    ticket = factory.SubFactory(TicketFactory)
    fichier = factory.django.FileField(filename="0123456789abcdef", data=b"%PDF-1.7")
    nom = "capture d’écran.pdf"
    type_mime = "application/pdf"
    taille = 8


class BanniereFactory(DjangoModelFactory):
    class Meta:
        model = Banniere

    texte = "La plateforme sera arrêtée mardi à midi."
    debut_le = datetime(2026, 3, 17, 6, 0, tzinfo=UTC)
    fin_le = datetime(2026, 3, 17, 18, 0, tzinfo=UTC)
