"""Ce que lit un tableau de bord : des cartes de lieux en un nombre fixe de requêtes, des professionnels, des membres."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import DateTimeField, Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest

from agenda.domaine.offre import JOURS_MONTRES, en_minutes, fin_de_fenetre
from agenda.enums import ModaliteConsultation
from agenda.models import AgendaEditeur, CarteLieu, Disponibilite, GesteAgenda, Indisponibilite
from agenda.offre import CreneauOffert, decodeur_carte
from annuaire.champs import Champ, lieux_du
from annuaire.domaine.telephones import ecrire_telephone
from annuaire.enums import TypeStructure
from annuaire.models import Delegation, Effecteur, LieuExercice, Rattachement, Specialite, Structure
from participation.models import Participation, Sollicitation, VersionParticipation
from sas_platform.socle.textes import normaliser

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
    """Un lieu sur le tableau de bord. `jours` : ce que la recherche montre à cet instant ; instants à l’heure du lieu."""

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

    @property
    def a_des_creneaux(self) -> bool:
        return any(jour.creneaux for jour in self.jours)


def cartes(lieux: QuerySet[LieuExercice], maintenant: datetime) -> list[CarteDuLieu]:
    """Les cartes de ces lieux, quatre requêtes en tout ; la projection dit ce que voit la régulation."""
    lus = list(_avec_dates(lieux).select_related("commune", "structure").order_by("pk"))
    ids = [lieu.pk for lieu in lus]
    projetees = {carte.lieu_id: carte for carte in CarteLieu.objects.filter(lieu__in=ids)}
    consignes = {consigne.lieu_id: consigne for consigne in Sollicitation.objects.filter(lieu__in=ids)}
    fermetures: dict[int, list[Indisponibilite]] = defaultdict(list)
    a_venir = Indisponibilite.objects.filter(lieu__in=ids)
    for fermeture in a_venir.filter(
        Q(periode__endswith__gt=maintenant) | Q(periode__upper_inf=True)
    ).order_by("periode", "pk"):
        fermetures[fermeture.lieu_id].append(fermeture)
    return [
        _carte(lieu, projetees.get(lieu.pk), fermetures[lieu.pk], consignes.get(lieu.pk), maintenant)
        for lieu in lus
    ]


def _avec_dates(lieux: QuerySet[LieuExercice]) -> QuerySet[LieuExercice]:
    """Ajoute `mis_a_jour_le`, dernier geste sur l’agenda, et `lu_le`, dernière lecture chez un éditeur."""

    def dernier(modele: type, champ: str) -> Subquery:
        lignes = modele.objects.filter(lieu=OuterRef("pk")).order_by().values("lieu")  # type: ignore[attr-defined]
        return Subquery(lignes.annotate(n=Max(champ)).values("n"), output_field=DateTimeField())

    return lieux.annotate(
        mis_a_jour_le=Greatest(
            dernier(GesteAgenda, "le"),
            dernier(Disponibilite, "modifie_le"),
            dernier(Indisponibilite, "modifie_le"),
        ),
        lu_le=dernier(AgendaEditeur, "raccordement__lot__lu_le"),
    )


def _carte(
    lieu: LieuExercice,
    projetee: CarteLieu | None,
    fermetures: list[Indisponibilite],
    sollicitation: Sollicitation | None,
    maintenant: datetime,
) -> CarteDuLieu:
    fuseau = ZoneInfo(lieu.fuseau)
    creneaux, telephone = _montres(projetee, maintenant, fuseau) if projetee else ([], lieu.telephone)
    affiche, lien = ecrire_telephone(telephone)
    dates: dict[str, datetime | None] = {nom: getattr(lieu, nom) for nom in ("mis_a_jour_le", "lu_le")}
    return CarteDuLieu(
        lieu=lieu,
        telephone=affiche,
        telephone_lien=lien,
        est_en_centre=lieu.structure is not None and lieu.structure.type == TypeStructure.CDS,
        jours=_jours(creneaux, maintenant.astimezone(fuseau).date()),
        fermetures=[_periode(fermeture, fuseau) for fermeture in fermetures],
        est_ferme=any(fermeture.periode.lower <= maintenant for fermeture in fermetures),
        mis_a_jour_le=dates["mis_a_jour_le"],
        lu_le=dates["lu_le"],
        sollicitation=sollicitation,
    )


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
        horaire=f"{creneau.debut:%Hh%M} – {creneau.fin:%Hh%M}",
        modalites=", ".join(str(ModaliteConsultation(code).label) for code in creneau.modalites),
        source=creneau.editeur or "",
        places=f"{creneau.prises}/{creneau.capacite}" if creneau.est_plage else "",
    )


def _periode(fermeture: Indisponibilite, fuseau: ZoneInfo) -> str:
    """« du 02/11/2026 au 05/11/2026 » pour des jours entiers ; avec les heures sinon."""
    debut = fermeture.periode.lower.astimezone(fuseau)
    if fermeture.periode.upper is None:
        return f"depuis le {debut:%d/%m/%Y}, pour une durée indéterminée"
    fin = fermeture.periode.upper.astimezone(fuseau)
    if (debut.hour, debut.minute, fin.hour, fin.minute) == (0, 0, 0, 0):
        return f"du {debut:%d/%m/%Y} au {fin - timedelta(days=1):%d/%m/%Y}"
    return f"du {debut:%d/%m/%Y à %Hh%M} au {fin:%d/%m/%Y à %Hh%M}"


def lieux_de(champ: Champ, effecteur_id: int, *, instant: datetime) -> QuerySet[LieuExercice]:
    """Lieux en activité de cet effecteur que ce champ permet de tenir."""
    return lieux_du(champ, instant=instant).filter(effecteur=effecteur_id, est_actif=True)


def tient_tous_les_lieux(champ: Champ, effecteur_id: int, *, instant: datetime) -> bool:
    tous = LieuExercice.objects.filter(effecteur=effecteur_id, est_actif=True)
    return not tous.exclude(pk__in=lieux_du(champ, instant=instant).values("pk")).exists()


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

    Ajoute `inscrit_le`, première déclaration par elle, et `est_tenu` : on en
    tient au moins un lieu.
    """
    exerces = LieuExercice.objects.filter(effecteur=OuterRef("pk"), est_actif=True)
    rattaches = Rattachement.objects.en_cours(instant).filter(structure=structure)
    participent = Participation.objects.filter(effecteur=OuterRef("pk"), structure=structure, participe=True)
    premieres = VersionParticipation.objects.filter(
        effecteur=OuterRef("pk"), apres__structure=structure.pk, apres__participe=True
    ).order_by("le", "pk")
    tenus = lieux_du(champ, instant=instant).filter(effecteur=OuterRef("pk"), est_actif=True)
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
        )
        .select_related("profession")
        .order_by(F("inscrit_le").asc(nulls_last=True), "nom_recherche", "pk")
    )


def libelles_des_savoir_faire() -> dict[str, str]:
    """Libellé de chaque code de savoir-faire que la recherche connaît."""
    return {
        code: libelle
        for libelle, codes in Specialite.objects.values_list("libelle", "savoir_faire")
        for code in codes
    }
