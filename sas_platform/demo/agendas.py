"""Agendas, participations et orientations des personas : de quoi montrer chaque page de l’agenda. Fictifs, rejouables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from annuaire.models import Effecteur, LieuExercice, Structure
    from comptes.models import Compte

INFORMATIONS = (
    "Interphone 12. Parking derrière la pharmacie.\n"
    "Pas d’ascenseur\u00a0: prévenir si le patient se déplace difficilement."
)
TELEPHONE_RESERVE = "+33639980012"  # tranche que l’Arcep garde pour la fiction
DEPUIS = timedelta(weeks=4)
FERMETURES = [(timedelta(), timedelta(days=10)), (timedelta(days=30), timedelta(days=44))]
SECOND_POINT = "fictif-second-point"


def preparer_agendas(comptes: Mapping[str, Compte], maintenant: datetime) -> None:
    """Un effecteur à qui il manque une demi-heure, un centre, une association, un patient adressé à chaque structure.

    Ne défait rien de ce qui a été joué.
    """
    from agenda.eligibilite.alertes import alerter
    from annuaire.enums import TypeStructure
    from annuaire.models import Effecteur, Structure
    from participation.models import Sollicitation, VersionParticipation

    medecin, gestionnaire = comptes["effecteur"], comptes["gestionnaire-structure"]
    effecteur = Effecteur.objects.filter(identifiant_national=medecin.identifiant_national).first()
    lieux = list(effecteur.lieux.filter(est_actif=True).order_by("pk")) if effecteur else []
    if effecteur and lieux and not Sollicitation.objects.filter(lieu__in=lieux).exists():
        _declarer(effecteur, medecin, maintenant)
        _remplir(lieux, medecin, maintenant)
        _orienter(lieux[0], comptes["regulateur"], maintenant)
    gerees = Structure.objects.filter(perimetres__habilitation__compte=gestionnaire).distinct()
    deja = VersionParticipation.objects.filter(structure__isnull=False).values("structure")
    for structure in gerees.exclude(pk__in=deja).order_by("pk"):
        if structure.type == TypeStructure.CDS:
            _preparer_centre(structure, gestionnaire, maintenant)
        elif structure.type == TypeStructure.SOS:
            _preparer_association(structure, gestionnaire, maintenant)
    for structure in gerees.order_by("pk"):
        _adresser_un_patient(structure, comptes["regulateur"], maintenant)
    # Ce que le vendredi enverrait : qui joue la démonstration un autre jour le lit aussi.
    alerter(maintenant)


def _declarer(effecteur: Effecteur, medecin: Compte, maintenant: datetime) -> None:
    """À titre individuel, par l’agenda saisi : sa déclaration ouvre l’historique."""
    from agenda.tableau.actions import enregistrer_participation
    from participation.actions import Reponses
    from participation.lectures import participation_de

    actuelle = participation_de(effecteur)
    enregistrer_participation(
        effecteur=effecteur,
        reponses=Reponses(
            participe=True,
            modalite="individuel",
            utilise_logiciel=False,
            declare_deux_heures=True,
            forfait_reorientation=True,
        ),
        auteur=medecin,
        maintenant=maintenant,
        vue_le=actuelle.modifie_le if actuelle else None,
    )


def _remplir(lieux: Sequence[LieuExercice], medecin: Compte, maintenant: datetime) -> None:
    """Une heure demain au premier lieu, une demi-heure après-demain au deuxième, des congés au dernier."""
    from agenda.models import Disponibilite, Reservation
    from agenda.offre import rafraichir
    from agenda.saisie.fermetures import fermer_sur
    from agenda.saisie.semaines import garder_semaine
    from agenda.tableau.actions import regler_sollicitation

    prises = Reservation.objects.filter(disponibilite__lieu__in=lieux)
    Disponibilite.objects.filter(lieu__in=lieux).exclude(pk__in=prises.values("disponibilite")).delete()
    premier, dernier = lieux[0], lieux[-1]
    demain = maintenant.astimezone(ZoneInfo(premier.fuseau)).date() + timedelta(days=1)
    _plage(premier, demain.isoweekday(), time(9), time(10), ["cabinet"], maintenant)
    surlendemain = demain + timedelta(days=1)
    lieu = lieux[1] if len(lieux) > 1 else premier
    _plage(lieu, surlendemain.isoweekday(), time(14), time(14, 30), ["teleconsultation"], maintenant)
    premier.informations_complementaires = INFORMATIONS
    premier.accueil, premier.langues = ["carte_vitale", "fauteuil"], ["en", "ar"]
    premier.save(update_fields=["informations_complementaires", "accueil", "langues"])
    consignes = {
        "telephone_prive": TELEPHONE_RESERVE,
        "heures_d_appel": "entre 12h et 14h, sauf le mercredi",
        "max_par_jour": 2,
        "max_par_semaine": 5,
    }
    regler_sollicitation(lieu=premier, consignes=consignes, auteur=medecin, vue_le=None)
    garder_semaine(lieu=premier, nom="Semaine ordinaire", source=demain, auteur=medecin)
    rafraichir([lieu.pk for lieu in lieux], maintenant)
    if dernier != premier:
        periodes = [(dernier, maintenant + debut, maintenant + fin) for debut, fin in FERMETURES]
        fermer_sur(periodes=periodes, auteur=medecin, maintenant=maintenant)


def _plage(
    lieu: LieuExercice, jour: int, debut: time, fin: time, modalites: list[str], maintenant: datetime
) -> None:
    from agenda.models import Disponibilite

    Disponibilite.objects.create(
        lieu=lieu,
        genre="plage",
        capacite=3,
        modalites=modalites,
        premier_jour=(maintenant - DEPUIS).date(),
        jours=[jour],
        heure_debut=debut,
        heure_fin=fin,
    )


def _orienter(lieu: LieuExercice, regulateur: Compte, maintenant: datetime) -> None:
    """Un patient y est déjà orienté : l’occurrence de demain est verrouillée."""
    from agenda.models import CarteLieu
    from agenda.offre import decodeur_carte
    from orientation.actions import orienter

    carte = CarteLieu.objects.filter(lieu=lieu).first()
    creneaux = decodeur_carte.decode(carte.document).creneaux if carte else []
    if creneaux:
        orienter(
            acteur=regulateur,
            cle=f"demonstration-{lieu.pk}",
            maintenant=maintenant,
            creneau_id=creneaux[0].id,
        )


def _adresser_un_patient(structure: Structure, regulateur: Compte, maintenant: datetime) -> None:
    """En sus, il y a deux heures : la ligne et le courriel du gestionnaire attendent « venu » ou « pas venu »."""
    from annuaire.enums import TypeStructure
    from annuaire.models import LieuExercice, Territoire
    from orientation.enums import TypeOrientation, Voie
    from orientation.models import Orientation
    from orientation.suivi.avis import prevenir
    from participation.models import Participation

    lieux = LieuExercice.objects.filter(structure=structure, effecteur=None)
    if structure.type == TypeStructure.CPTS:  # l’un de ses membres reçoit
        membres = Participation.objects.filter(structure=structure, participe=True, modalite="cpts")
        lieux = LieuExercice.objects.filter(pk__in=membres.values("lieux"))
    lieu = lieux.order_by("pk").first()
    cle = f"demonstration-en-sus-{structure.pk}"
    if lieu is None or Orientation.objects.filter(cle=cle).exists():
        return
    territoire = Territoire.objects.couvrant(lieu.commune).order_by("pk").first()
    orientation = Orientation.objects.create(
        acteur=regulateur,
        cle=cle,
        empreinte="0" * 64,
        type=TypeOrientation.OSNP_SURNUMERAIRE,
        voie=Voie.SURNUMERAIRE,
        lieu=lieu,
        effecteur=lieu.effecteur,
        structure=structure,
        debut=maintenant - timedelta(hours=2),
        prise_le=maintenant - timedelta(hours=3),
        territoire=territoire,
        territoire_destinataire=territoire,
    )
    prevenir(orientation, maintenant=maintenant)


def _preparer_centre(centre: Structure, gestionnaire: Compte, maintenant: datetime) -> None:
    """Il participe pour ses généralistes ; deux d’entre eux montrent des heures, dont un trop peu."""
    from agenda.offre import rafraichir
    from annuaire.models import LieuExercice

    des_generalistes = list(
        LieuExercice.objects.filter(
            structure=centre, est_actif=True, effecteur__savoir_faire__contains=["SM54"]
        ).order_by("pk")
    )
    for lieu, fin in zip(des_generalistes, (time(12), time(10)), strict=False):
        _plage(lieu, 1, time(9), fin, ["cabinet"], maintenant)
        rafraichir([lieu.pk], maintenant)
    _faire_participer(centre, gestionnaire, maintenant, nombre=max(1, len(des_generalistes)))


def _preparer_association(association: Structure, gestionnaire: Compte, maintenant: datetime) -> None:
    """Un second point fixe, ouvert le samedi."""
    from agenda.offre import rafraichir
    from annuaire.enums import SourceLieu
    from annuaire.models import LieuExercice

    premier = LieuExercice.objects.filter(structure=association, effecteur=None).order_by("pk").first()
    if premier is not None:
        second, _ = LieuExercice.objects.get_or_create(
            structure=association,
            cle=SECOND_POINT,
            defaults={
                "source": SourceLieu.FICTIVE,
                "nom": "Point fixe de la gare",
                "adresse": "2 place de la Gare",
                "code_postal": premier.code_postal,
                "commune": premier.commune,
                "lat": premier.lat,
                "lon": premier.lon,
                "precision_geo": premier.precision_geo,
                "fuseau": premier.fuseau,
                "telephone": premier.telephone,
            },
        )
        _plage(second, 6, time(9), time(12), ["cabinet"], maintenant)
        rafraichir([second.pk], maintenant)
    _faire_participer(association, gestionnaire, maintenant, nombre=0)


def _faire_participer(
    structure: Structure, gestionnaire: Compte, maintenant: datetime, *, nombre: int
) -> None:
    from agenda.tableau.actions import enregistrer_participation_structure
    from participation.domaine.declaration import DeclarationStructure
    from participation.models import ParticipationStructure

    reglages = ParticipationStructure.objects.filter(structure=structure).first()
    enregistrer_participation_structure(
        structure=structure,
        declaration=DeclarationStructure(
            type_structure=structure.type,
            participe=True,
            declare_deux_heures=True,
            nombre_effecteurs=nombre,
        ),
        auteur=gestionnaire,
        maintenant=maintenant,
        vue_le=reglages.modifie_le if reglages else None,
    )
