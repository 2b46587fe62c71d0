"""Ce que l’on cherche, et où."""

from __future__ import annotations

from dataclasses import dataclass

from agenda.lectures import PlaceGardee

# Bornes, en minutes à partir de maintenant, des délais que l’on filtre (S-43) ; le dernier finit avec la fenêtre.
DELAIS = {"0-4": 0, "4-8": 240, "8-12": 480, "12-24": 720, "24-48": 1440, "48-72": 2880}

# Secteur d’un lieu dont l’annuaire ne dit pas le conventionnement.
NON_RENSEIGNE = "non_renseigne"
# Seule valeur d’un filtre que l’on coche ou non.
OUI = "oui"
TOUTES, LIBRES, HORS, EN_SUS, FORFAIT = "toutes", "libres", "hors", "en_sus", "forfait"
DISPONIBILITES = (TOUTES, LIBRES, HORS, EN_SUS, FORFAIT)


@dataclass(frozen=True, slots=True)
class Page:
    """Ce que l’on veut de la liste ; un `numero` au-delà de la dernière page rend la dernière.

    `facettes` : avec ce que compte chaque filtre. `apres` : dernier lieu déjà lu ; la page reprend
    après lui, même s’il a changé de rang, pour n’en sauter ni n’en répéter aucun.
    """

    numero: int = 1
    par_page: int = 25
    facettes: bool = False
    apres: int | None = None


@dataclass(frozen=True, slots=True)
class Criteres:
    """`noms` et `specialite_ids` s’excluent.

    `disponibilite` : `libres` (un créneau au moins), `hors` (aucun), `en_sus` ou
    `forfait` (qui l’accepte, créneau ou non), ou `toutes`. Chaque filtre vide admet tout ; les
    valeurs d’un même filtre s’ajoutent, les filtres se croisent. `modalites` et
    `delais` portent sur un même créneau et restent sans effet là où l’on ne cherche pas de créneau.
    `vitale`, `fauteuil` : « oui », ou rien ; un lieu qui n’en dit rien n’y répond pas.
    `lieu_id` : ce lieu seulement, quelle que soit la spécialité ; `lieu_ids` : ceux-là.

    `departement` : la zone s’arrête à ses limites (W-04). `cpts_id` : les lieux de cette
    CPTS, sans distance. `regroupees` : CPTS dont les membres sans créneau se suivent
    derrière le premier d’entre eux. `medecin_traitant` : effecteurs dont tous les lieux
    passent en tête, sans distance ni filtre. `compte_id` : qui cherche ; la place qu’il tient
    (`gardee`, que la lecture trouve) est libre pour lui, et prise pour les autres.
    """

    lat: float
    lon: float
    rayon_km: float
    specialite_ids: tuple[int, ...] = ()
    noms: str = ""
    disponibilite: str = TOUTES
    modalites: tuple[str, ...] = ()
    delais: tuple[str, ...] = ()
    natures: tuple[str, ...] = ()
    secteurs: tuple[str, ...] = ()
    vitale: tuple[str, ...] = ()
    fauteuil: tuple[str, ...] = ()
    langues: tuple[str, ...] = ()
    departement: str = ""
    medecin_traitant: tuple[int, ...] = ()
    cpts_id: int | None = None
    regroupees: tuple[int, ...] = ()
    lieu_id: int | None = None
    lieu_ids: tuple[int, ...] = ()
    gardee: PlaceGardee | None = None
    compte_id: int | None = None

    @property
    def demande_un_creneau(self) -> bool:
        """Faux là où l’offre compte sans ses créneaux : les filtres de créneaux y attendent."""
        return self.disponibilite in (TOUTES, LIBRES)

    @property
    def filtre_les_creneaux(self) -> bool:
        return bool(self.modalites or self.delais)
