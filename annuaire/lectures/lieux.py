"""Où : une commune, un département, une adresse ou un point, d’après ce qui est tapé.

Un texte de lieu est souvent le domicile d’un patient : rien ici ne le garde ni ne le journalise.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db.models import F
from django.db.models.expressions import ExpressionWrapper
from django.db.models.fields import FloatField

from annuaire.connecteurs import geoplateforme
from annuaire.domaine.fuseaux import fuseau_de
from annuaire.domaine.lieu_tape import LieuTape, analyser
from annuaire.domaine.proximite import proximite, proximite_du_debut
from annuaire.domaine.territoire import KM_PAR_DEGRE, METROPOLE, departements_du_code_postal, territoire
from annuaire.enums import PrecisionGeo
from annuaire.models import Commune, Departement
from annuaire.territoires.rayons import rayons_en_cours
from sas_platform.socle.textes import normaliser

GEOPLATEFORME, INDEX_LOCAL, POINT_CHOISI = "geoplateforme", "index_local", "point_choisi"
LONGUEUR_MIN = 2
RAYON_MAXIMAL_KM = 300
LIMITE = 8
HOMONYMES = 40
FAUTE_DE_DEPARTEMENT = 0.85  # des noms courts et voisins (Cher, Gers) : moins de tolérance
_PRECISIONS = {
    "housenumber": PrecisionGeo.NUMERO,
    "street": PrecisionGeo.RUE,
    "locality": PrecisionGeo.RUE,
    "municipality": PrecisionGeo.COMMUNE,
}
DISTANCE_MAX_KM = (
    30  # du centre de la commune la plus proche, en métropole : au-delà, c’est l’étranger ou la mer
)


class LieuIntrouvableError(ValueError):
    """On ne sait pas dire où c’est ; le message est montrable et ne répète pas ce qui était cherché."""


@dataclass(frozen=True, slots=True)
class LieuTrouve:
    """Un point d’où chercher, et ses rayons : ceux que son territoire a réglés, sinon ceux du département.

    `source` : d’où viennent les coordonnées.
    """

    libelle: str
    lat: float
    lon: float
    precision: PrecisionGeo
    code_insee: str
    departement: str
    rayon_defaut_km: int
    pas_elargissement_km: int
    fuseau: str
    source: str
    rayon_maximal_km: int = RAYON_MAXIMAL_KM


# --- Où ---------------------------------------------------------------------


def geocoder(texte: str, limite: int = LIMITE) -> list[LieuTrouve]:
    """Le géocodeur de l’État s’il est configuré et répond avec un résultat, sinon l’index local."""
    if len(texte.strip()) < LONGUEUR_MIN:
        return []
    if settings.GEOCODEUR_URL:
        try:
            adresses = geoplateforme.chercher(settings.GEOCODEUR_URL, texte, limite=limite)
        except geoplateforme.GeocodeurIndisponibleError:
            adresses = []
        if lieux := _lieux_des_adresses(adresses):
            return _avec_rayons_du_territoire(lieux[:limite])
    return localiser(texte, limite)


def localiser(texte: str, limite: int = LIMITE) -> list[LieuTrouve]:
    """Communes et départements qui répondent au texte, sans réseau ; le plus ressemblant puis le plus peuplé d’abord.

    Une adresse entière donne sa commune. Tolère fautes de frappe, accents, « st », « cedex ».
    """
    return _avec_rayons_du_territoire(_localiser(texte, limite))


def _localiser(texte: str, limite: int) -> list[LieuTrouve]:
    tape = analyser(texte)
    departements = _departements()
    if tape.departement:
        departement = departements.get(tape.departement)
        return [_lieu_du_departement(departement)] if departement else []
    if tape.arrondissement:
        communes = list(Commune.objects.filter(pk=tape.arrondissement))
    elif tape.code_postal:
        communes = _par_code_postal(tape, limite)
    elif len(tape.nom) >= LONGUEUR_MIN:
        return _par_nom_et_numero(tape, departements, limite) or _par_nom(tape, departements, limite)
    else:
        return []
    lieux = [_lieu_de_la_commune(c, departements, code_postal=tape.code_postal) for c in communes]
    return [lieu for lieu in lieux if lieu][:limite]


def par_commune(code_insee: str) -> LieuTrouve:
    """Lève `LieuIntrouvableError` pour un code inconnu ou une commune sans coordonnées ni département situé."""
    commune = Commune.objects.select_related("departement").filter(pk=code_insee).first()
    if commune is None:
        raise LieuIntrouvableError("Commune inconnue : vérifiez le code INSEE.")
    lieu = _lieu_de_la_commune(commune, {commune.departement_id: commune.departement})
    if lieu is None:
        raise LieuIntrouvableError("Cette commune ne peut pas être située : aucune coordonnée n’est connue.")
    return _avec_rayons_du_territoire([lieu])[0]


def par_position(lat: float, lon: float) -> LieuTrouve:
    """Le point donné, avec les rayons du département de la commune la plus proche.

    Lève `LieuIntrouvableError` hors de France.
    """
    ici = territoire(lat, lon) if math.isfinite(lat) and math.isfinite(lon) else None
    departements = _departements()
    commune = _commune_la_plus_proche(lat, lon) if ici else None
    if ici == METROPOLE and commune is not None:
        if _distance_km(lat, lon, commune) > DISTANCE_MAX_KM:
            commune = None
        ici = commune.departement_id if commune else None
    departement = departements.get(ici or "")
    if departement is None:
        raise LieuIntrouvableError("Ces coordonnées sont hors de France.")
    est_d_ici = commune is not None and commune.departement_id == departement.pk
    code_insee = commune.pk if commune is not None and est_d_ici else ""
    lieu = LieuTrouve(
        libelle=f"Point choisi, près de {commune.nom}"
        if commune and est_d_ici
        else f"Point choisi, {departement}",
        lat=lat,
        lon=lon,
        precision=PrecisionGeo.NUMERO,
        code_insee=code_insee,
        departement=departement.pk,
        rayon_defaut_km=departement.rayon_defaut_km,
        pas_elargissement_km=departement.pas_elargissement_km,
        fuseau=fuseau_de(code_insee, departement.fuseau),
        source=POINT_CHOISI,
    )
    return _avec_rayons_du_territoire([lieu])[0]


def _avec_rayons_du_territoire(lieux: list[LieuTrouve]) -> list[LieuTrouve]:
    """Le centre d’un département garde le rayon qui le couvre en entier."""
    precis = {lieu.code_insee for lieu in lieux if lieu.precision != PrecisionGeo.DEPARTEMENT}
    reglages = rayons_en_cours(precis)
    return [
        replace(
            lieu,
            rayon_defaut_km=reglage.rayon_defaut_km,
            pas_elargissement_km=reglage.pas_elargissement_km,
            rayon_maximal_km=reglage.rayon_maximal_km,
        )
        if lieu.precision != PrecisionGeo.DEPARTEMENT and (reglage := reglages.get(lieu.code_insee))
        else lieu
        for lieu in lieux
    ]


def _departements() -> dict[str, Departement]:
    return {departement.pk: departement for departement in Departement.objects.all()}


def _par_code_postal(tape: LieuTape, limite: int) -> list[Commune]:
    """Communes de ce code ; l’arrondissement avant sa ville, la plus proche du nom tapé d’abord.

    Un code inconnu (CEDEX) se rabat sur le nom, dans le département de ses deux premiers chiffres.
    """
    communes = list(Commune.objects.filter(codes_postaux__contains=[tape.code_postal]))
    villes = {commune.commune_parente_id for commune in communes}
    communes = [commune for commune in communes if commune.pk not in villes]
    if not communes and tape.nom:
        dans = departements_du_code_postal(tape.code_postal)
        noms = [tape.nom, *analyser(tape.nom).suites]
        communes = list(
            Commune.objects.filter(nom_recherche__in=noms, departement_id__in=dans, commune_parente=None)
        )

    def rang(commune: Commune) -> tuple[float, float, str]:
        nom = commune.nom_recherche
        contenu = f" {nom} " in f" {tape.nom} "
        return (-3.0 if contenu else -proximite(tape.nom, nom), -commune.population, commune.pk)

    return sorted(communes, key=rang)[:limite]


def _par_nom_et_numero(tape: LieuTape, departements: dict[str, Departement], limite: int) -> list[LieuTrouve]:
    """« Nord (59) », « Saint-Denis (93) » : ce qui porte ce nom dans ce département ; rien sans numéro."""
    nom, _, numero = tape.nom.rpartition(" ")
    departement = departements.get(numero.upper().zfill(2))
    if departement is None or len(nom) < LONGUEUR_MIN:
        return []
    trouves = _par_nom(analyser(nom), departements, HOMONYMES)
    return [lieu for lieu in trouves if lieu.departement == departement.pk][:limite]


def _par_nom(tape: LieuTape, departements: dict[str, Departement], limite: int) -> list[LieuTrouve]:
    """Ce qui commence par le texte ; à défaut la commune au bout d’une adresse ; à défaut une faute de frappe."""
    communes = _communes_qui_commencent(tape.nom, limite)
    voisins = _departements_proches(tape.nom, departements, 1.0)
    if not communes and not voisins and tape.suites:
        communes = _communes_au_bout(tape, limite)
    if not communes and not voisins:
        communes = _communes_a_une_faute_pres(tape.nom, limite)
        voisins = _departements_proches(tape.nom, departements, FAUTE_DE_DEPARTEMENT)
    candidats = [
        ((-proche, -departement.population, 1), _lieu_du_departement(departement))
        for proche, departement in voisins
    ]
    for commune in communes:
        lieu = _lieu_de_la_commune(commune, departements)
        if lieu:
            proche = proximite(tape.nom, commune.nom_recherche, au_moins=0.0)
            candidats.append(((-proche, -commune.population, 0), lieu))
    candidats.sort(key=lambda candidat: candidat[0])  # à égalité, la commune avant son département (Paris)
    return [lieu for _, lieu in candidats[:limite]]


def _departements_proches(
    nom: str, departements: dict[str, Departement], au_moins: float
) -> list[tuple[float, Departement]]:
    proches = (
        (max(proximite(nom, n, au_moins=au_moins) for n in _noms_du_departement(departement)), departement)
        for departement in departements.values()
    )
    return [paire for paire in proches if paire[0]]


def _noms_du_departement(departement: Departement) -> Iterable[str]:
    nom = normaliser(departement.nom)
    return (nom, nom.removeprefix("la ").removeprefix("les "))


def _communes_qui_commencent(nom: str, limite: int) -> list[Commune]:
    """Égalité, début du nom, puis début d’un de ses mots (« havre ») ; la plus peuplée d’abord."""
    trouvees = _lire_communes(
        """
        SELECT * FROM annuaire_commune WHERE nom_recherche LIKE %(debut)s
        ORDER BY nom_recherche = %(nom)s DESC, population DESC, code_insee LIMIT %(limite)s
        """,
        {"nom": nom, "debut": f"{nom}%", "limite": limite},
    )
    if len(trouvees) < limite and len(nom) > LONGUEUR_MIN:
        trouvees += _lire_communes(
            """
            SELECT * FROM annuaire_commune WHERE nom_recherche LIKE %(mot)s AND nom_recherche NOT LIKE %(debut)s
            ORDER BY population DESC, code_insee LIMIT %(limite)s
            """,
            {"mot": f"% {nom}%", "debut": f"{nom}%", "limite": limite - len(trouvees)},
        )
    return trouvees


def _communes_au_bout(tape: LieuTape, limite: int) -> list[Commune]:
    """La plus longue fin du texte qui est un nom de commune ; à défaut, le dernier mot d’une adresse, à une faute près."""
    connues: dict[str, list[Commune]] = {}
    for commune in Commune.objects.filter(nom_recherche__in=tape.suites).order_by("-population", "pk"):
        connues.setdefault(commune.nom_recherche, []).append(commune)
    for suite in tape.suites:
        if suite in connues:
            return connues[suite][:limite]
    if not tape.est_adresse:
        return []
    fin = tape.suites[-1]
    return _communes_qui_commencent(fin, limite) or _communes_a_une_faute_pres(fin, limite)


def _communes_a_une_faute_pres(nom: str, limite: int) -> list[Commune]:
    """Candidates par trigrammes, classées par ressemblance arrondie puis population."""
    candidates = _lire_communes(
        """
        SELECT * FROM annuaire_commune WHERE nom_recherche %% %(nom)s
        ORDER BY similarity(nom_recherche, %(nom)s) DESC, population DESC, code_insee LIMIT 40
        """,
        {"nom": nom},
    )
    proches = [(round(proximite_du_debut(nom, commune.nom_recherche), 1), commune) for commune in candidates]
    proches.sort(key=lambda paire: (-paire[0], -paire[1].population))
    return [commune for proche, commune in proches[:limite] if proche]


def _lire_communes(sql: str, parametres: dict[str, Any]) -> list[Commune]:
    return list(Commune.objects.raw(sql, parametres))


def _lieux_des_adresses(adresses: Sequence[geoplateforme.AdresseTrouvee]) -> list[LieuTrouve]:
    if not adresses:
        return []
    departements = _departements()
    connues = Commune.objects.in_bulk({adresse.code_insee for adresse in adresses})
    lieux = []
    for adresse in adresses:
        commune = connues.get(adresse.code_insee)
        if commune is None:
            continue
        departement = departements[commune.departement_id]
        lieux.append(
            LieuTrouve(
                libelle=adresse.libelle,
                lat=adresse.lat,
                lon=adresse.lon,
                precision=_PRECISIONS.get(adresse.type, PrecisionGeo.COMMUNE),
                code_insee=commune.pk,
                departement=departement.pk,
                rayon_defaut_km=departement.rayon_defaut_km,
                pas_elargissement_km=departement.pas_elargissement_km,
                fuseau=fuseau_de(commune.pk, departement.fuseau),
                source=GEOPLATEFORME,
            )
        )
    return lieux


def _lieu_de_la_commune(
    commune: Commune, departements: dict[str, Departement], *, code_postal: str = ""
) -> LieuTrouve | None:
    """Sans coordonnées (îles du Pacifique), le centre du département, et la précision le dit."""
    departement = departements[commune.departement_id]
    code = code_postal or next(iter(commune.codes_postaux), departement.pk)
    fuseau = fuseau_de(commune.pk, departement.fuseau)
    if commune.lat is not None and commune.lon is not None:
        return LieuTrouve(
            libelle=f"{commune.nom} ({code})",
            lat=commune.lat,
            lon=commune.lon,
            precision=PrecisionGeo.COMMUNE,
            code_insee=commune.pk,
            departement=departement.pk,
            rayon_defaut_km=departement.rayon_defaut_km,
            pas_elargissement_km=departement.pas_elargissement_km,
            fuseau=fuseau,
            source=INDEX_LOCAL,
        )
    if departement.lat is None or departement.lon is None:
        return None
    return LieuTrouve(
        libelle=f"{commune.nom} ({code}), à défaut le centre de {departement}",
        lat=departement.lat,
        lon=departement.lon,
        precision=PrecisionGeo.DEPARTEMENT,
        code_insee=commune.pk,
        departement=departement.pk,
        rayon_defaut_km=departement.rayon_departement_km,
        pas_elargissement_km=departement.pas_elargissement_km,
        fuseau=fuseau,
        source=INDEX_LOCAL,
    )


def _lieu_du_departement(departement: Departement) -> LieuTrouve:
    """Centre du département, avec le rayon qui le couvre en entier (S-14)."""
    return LieuTrouve(
        libelle=str(departement),
        lat=departement.lat or 0.0,
        lon=departement.lon or 0.0,
        precision=PrecisionGeo.DEPARTEMENT,
        code_insee="",
        departement=departement.pk,
        rayon_defaut_km=departement.rayon_departement_km,
        pas_elargissement_km=departement.pas_elargissement_km,
        fuseau=departement.fuseau,
        source=INDEX_LOCAL,
    )


def _commune_la_plus_proche(lat: float, lon: float) -> Commune | None:
    """La plus proche, cherchée d’abord à 30 km, puis à 300 (Guyane, archipels)."""
    for marge in (0.3, 3.0):
        marge_lon = marge / max(0.1, math.cos(math.radians(lat)))
        voisines = Commune.objects.filter(
            lat__range=(lat - marge, lat + marge), lon__range=(lon - marge_lon, lon + marge_lon)
        )
        ecart_lat, ecart_lon = F("lat") - lat, (F("lon") - lon) * math.cos(math.radians(lat))
        carre = ExpressionWrapper(ecart_lat * ecart_lat + ecart_lon * ecart_lon, output_field=FloatField())
        # L’arrondissement plutôt que sa ville : sa marque est d’avoir une commune parente.
        trouvee = voisines.order_by(carre, F("commune_parente").asc(nulls_last=True), "pk").first()
        if trouvee is not None:
            return trouvee
    return None


def _distance_km(lat: float, lon: float, commune: Commune) -> float:
    assert commune.lat is not None
    assert commune.lon is not None
    est_ouest = (lon - commune.lon) * math.cos(math.radians(lat))
    return KM_PAR_DEGRE * math.hypot(lat - commune.lat, est_ouest)
