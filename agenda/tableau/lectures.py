"""Ce que lit un tableau de bord : des cartes de lieux en un nombre fixe de requêtes, des professionnels, des membres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import DateTimeField, Exists, F, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest

from agenda.domaine.offre import JOURS_MONTRES, en_minutes, fin_de_fenetre
from agenda.eligibilite.lectures import Fermeture
from agenda.enums import ModaliteConsultation
from agenda.models import AgendaEditeur, CarteLieu, Disponibilite, GesteAgenda, Indisponibilite
from agenda.offre import CreneauOffert, decodeur_carte
from annuaire.champs import Champ, lieux_du
from annuaire.domaine.telephones import ecrire_telephone
from annuaire.enums import TypeStructure
from annuaire.models import Delegation, Effecteur, LieuExercice, Rattachement, Specialite, Structure
from participation.models import Participation, Sollicitation, VersionParticipation
from sas_platform.socle.francais import heure, periode
from sas_platform.socle.textes import normaliser

MEDECINE_GENERALE = "SM54"
_NOMS = ("Aujourd’hui", "Demain", "Après-demain")


@dataclass(frozen=True, slots=True)
class CreneauLu:
    horaire: str
    modalites: str
    source: str
    places: str


@dataclass(frozen=True, slots=True)
class Jour:
    nom: str
    date: date
    creneaux: list[CreneauLu]


@dataclass(frozen=True, slots=True)
class CarteDuLieu:
    """Un lieu sur le tableau de bord. `jours` : ce que la recherche montre à cet instant ; instants à l’heure du lieu.

    `pause` : jour où reprennent les sollicitations, s’il est à venir.
    """

    lieu: LieuExercice
    telephone: str
    telephone_lien: str
    est_en_centre: bool
    jours: list[Jour]
    fermetures: list[str]
    est_ferme: bool
    mis_a_jour_le: datetime | None
    lu_le: datetime | None
    sollicitation: Sollicitation | None
    pause: datetime | None

    @property
    def a_des_creneaux(self) -> bool:
        return any(jour.creneaux for jour in self.jours)


@dataclass(frozen=True, slots=True)
class SesLieux:
    """Lieux en activité d’un effecteur : tous, et ceux qu’un champ permet de tenir."""

    tous: Sequence[LieuExercice]
    tenus: Sequence[LieuExercice]


def cartes(
    lieux: Sequence[LieuExercice], fermetures: Mapping[int, Sequence[Fermeture]], maintenant: datetime
) -> list[CarteDuLieu]:
    """Les cartes de ces lieux (`_pour_cartes`), deux requêtes ; la projection dit ce que voit la régulation."""
    ids = [lieu.pk for lieu in lieux]
    projetees = {carte.lieu_id: carte for carte in CarteLieu.objects.filter(lieu__in=ids)}
    consignes = {consigne.lieu_id: consigne for consigne in Sollicitation.objects.filter(lieu__in=ids)}
    return [
        _carte(
            lieu,
            projetees.get(lieu.pk),
            [f for f in fermetures[lieu.pk] if f.est_declaree and f.dure_apres(maintenant)],
            consignes.get(lieu.pk),
            maintenant,
        )
        for lieu in lieux
    ]


def _pour_cartes(lieux: QuerySet[LieuExercice]) -> QuerySet[LieuExercice]:
    """Ajoute `mis_a_jour_le`, dernier geste sur l’agenda, et `lu_le`, dernière lecture chez un éditeur."""

    def dernier(modele: type, champ: str) -> Subquery:
        lignes = modele.objects.filter(lieu=OuterRef("pk")).order_by().values("lieu")  # type: ignore[attr-defined]
        return Subquery(lignes.annotate(n=Max(champ)).values("n"), output_field=DateTimeField())

    dates = lieux.annotate(
        mis_a_jour_le=Greatest(
            dernier(GesteAgenda, "le"),
            dernier(Disponibilite, "modifie_le"),
            dernier(Indisponibilite, "modifie_le"),
        ),
        lu_le=dernier(AgendaEditeur, "raccordement__lot__lu_le"),
    )
    return dates.select_related("commune", "structure", "effecteur__profession").order_by("pk")


def _carte(
    lieu: LieuExercice,
    projetee: CarteLieu | None,
    fermetures: list[Fermeture],
    sollicitation: Sollicitation | None,
    maintenant: datetime,
) -> CarteDuLieu:
    fuseau = ZoneInfo(lieu.fuseau)
    pause = sollicitation.pause_jusqu_au if sollicitation else None
    creneaux, telephone = _montres(projetee, maintenant, fuseau) if projetee else ([], lieu.telephone)
    affiche, lien = ecrire_telephone(telephone)
    dates = {nom: _au_lieu(getattr(lieu, nom), fuseau) for nom in ("mis_a_jour_le", "lu_le")}
    return CarteDuLieu(
        lieu=lieu,
        telephone=affiche,
        telephone_lien=lien,
        est_en_centre=lieu.structure is not None and lieu.structure.type == TypeStructure.CDS,
        jours=_jours(creneaux, maintenant.astimezone(fuseau).date()),
        fermetures=[
            periode(f.debut.astimezone(fuseau), f.fin and f.fin.astimezone(fuseau)) for f in fermetures
        ],
        est_ferme=any(fermeture.debut <= maintenant for fermeture in fermetures),
        mis_a_jour_le=dates["mis_a_jour_le"],
        lu_le=dates["lu_le"],
        sollicitation=sollicitation,
        pause=_au_lieu(pause, fuseau) if pause and pause > maintenant else None,
    )


def _au_lieu(instant: datetime | None, fuseau: ZoneInfo) -> datetime | None:
    """À l’heure du lieu, et sans fuseau, pour que le gabarit ne la remette pas à celle de Paris."""
    return instant.astimezone(fuseau).replace(tzinfo=None) if instant else None


def _montres(projetee: CarteLieu, maintenant: datetime, fuseau: ZoneInfo) -> tuple[list[CreneauOffert], str]:
    carte = decodeur_carte.decode(projetee.document)
    minute, terme = en_minutes(maintenant), fin_de_fenetre(maintenant, fuseau)
    montres = [
        creneau
        for creneau, expire in zip(carte.creneaux, projetee.fins, strict=True)
        if expire > minute and creneau.debut < terme
    ]
    return montres, carte.lieu.telephone


def _jours(creneaux: list[CreneauOffert], aujourd_hui: date) -> list[Jour]:
    jours = [Jour(_NOMS[n], aujourd_hui + timedelta(days=n), []) for n in range(JOURS_MONTRES)]
    for creneau in creneaux:
        rang = max(0, (creneau.debut.date() - aujourd_hui).days)
        if rang < len(jours):
            jours[rang].creneaux.append(_creneau(creneau))
    return jours


def _creneau(creneau: CreneauOffert) -> CreneauLu:
    return CreneauLu(
        horaire=f"{heure(creneau.debut)} – {heure(creneau.fin)}",
        modalites=", ".join(str(ModaliteConsultation(code).label) for code in creneau.modalites),
        source=creneau.editeur or "",
        places=f"{creneau.prises}/{creneau.capacite}" if creneau.est_plage else "",
    )


def lieux_de(effecteur_id: int, champ: Champ, *, instant: datetime) -> SesLieux:
    lieux = _pour_cartes(LieuExercice.objects.filter(effecteur=effecteur_id, est_actif=True))
    tenus = lieux_du(champ, instant=instant).filter(pk=OuterRef("pk"))
    tous = list(lieux.annotate(est_tenu=Exists(tenus)))
    return SesLieux(tous, [lieu for lieu in tous if lieu.est_tenu])


def lieux_de_la_structure(structure: Structure, champ: Champ, *, instant: datetime) -> list[LieuExercice]:
    """Lieux en activité de cette structure, à elle (`effecteur` nul) ou à ses praticiens."""
    return list(_pour_cartes(lieux_du(champ, instant=instant).filter(structure=structure, est_actif=True)))


def professionnels_lies(champ: Champ, texte: str) -> QuerySet[Effecteur]:
    """Ceux qui ont donné délégation, par nom ; pour qui voit toute la France, ceux que le texte nomme."""
    if champ.france:
        effecteurs = Effecteur.objects.filter(est_actif=True) if texte else Effecteur.objects.none()
    else:
        donnees = Delegation.objects.filter(pk__in=champ.delegations, effecteur__isnull=False)
        effecteurs = Effecteur.objects.filter(pk__in=donnees.values("effecteur"))
    for mot in normaliser(texte).split():
        effecteurs = effecteurs.filter(nom_recherche__contains=mot)
    return effecteurs.select_related("profession").order_by("nom_recherche", "pk")


def membres_de(structure: Structure, champ: Champ, *, instant: datetime) -> QuerySet[Effecteur]:
    """Professionnels de cette structure : ils y exercent, s’y sont rattachés, ou participent par elle (B-10).

    Ajoute `inscrit_le`, première déclaration par elle, `est_tenu` : on en tient
    au moins un lieu, `specialites`, telles que la recherche les nomme, et
    `est_generaliste`.
    """
    exerces = LieuExercice.objects.filter(effecteur=OuterRef("pk"), est_actif=True)
    rattaches = Rattachement.objects.en_cours(instant).filter(structure=structure)
    participent = Participation.objects.filter(effecteur=OuterRef("pk"), structure=structure, participe=True)
    premieres = VersionParticipation.objects.filter(
        effecteur=OuterRef("pk"), apres__structure=structure.pk, apres__participe=True
    ).order_by("le", "pk")
    tenus = lieux_du(champ, instant=instant).filter(effecteur=OuterRef("pk"), est_actif=True)
    nommees = Specialite.objects.filter(savoir_faire__overlap=OuterRef("savoir_faire"))
    membres = Effecteur.objects.filter(
        Exists(exerces.filter(structure=structure))
        | Exists(exerces.filter(pk__in=rattaches.values("lieu")))
        | Exists(participent),
        est_actif=True,
    )
    return (
        membres.annotate(
            inscrit_le=Coalesce(
                Subquery(premieres.values("le")[:1]), Subquery(participent.values("cree_le"))
            ),
            est_tenu=Exists(tenus),
            est_generaliste=Exists(nommees.filter(code=MEDECINE_GENERALE)),
            specialites=ArraySubquery(nommees.order_by("libelle").values("libelle")),
        )
        .select_related("profession")
        .order_by(F("inscrit_le").asc(nulls_last=True), "nom_recherche", "pk")
    )
