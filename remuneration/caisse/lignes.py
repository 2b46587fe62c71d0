"""Les lignes de chaque fichier d’une caisse, toutes valeurs du catalogue, d’après un calcul arrêté."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, Q

from annuaire.models import Departement, Effecteur, Structure, Territoire
from remuneration.caisse.beneficiaires import Caisse, Declaration, Heures, caisse_de
from remuneration.caisse.catalogue import ANOMALIES
from remuneration.enums import MAJORATIONS, Condition, MotifActe, NatureExport, Prestation
from remuneration.models import Acte, Calcul, Decompte

Valeur = str | int | Decimal
_COMPTES: dict[str, Q] = {
    "orientations": Q(),
    "type_1": Q(type="1"),
    "type_2": Q(type="2"),
    "type_3": Q(type="3"),
    "venus": Q(issue="venu"),
    "pas_venus": Q(issue="pas_venu"),
    "annulees": Q(motif=MotifActe.ANNULEE),
    "issue_inconnue": Q(issue="") & ~Q(motif=MotifActe.ANNULEE),
    "sans_issue": Q(motif=MotifActe.ISSUE_INCONNUE),
    "doublons": Q(motif=MotifActe.DOUBLON),
    "non_participant": Q(motif=MotifActe.NON_PARTICIPANT),
}


@dataclass(frozen=True, slots=True)
class Ligne:
    """`cle` la désigne d’un calcul à l’autre, quel que soit l’identifiant affiché ; elle commence par le bénéficiaire."""

    cle: tuple[str, ...]
    valeurs: dict[str, Valeur]

    @property
    def beneficiaire(self) -> int:
        return int(self.cle[0])


@dataclass(frozen=True, slots=True)
class Dossier:
    """Ce qu’un calcul dit des bénéficiaires d’un département, lu une fois pour les trois fichiers."""

    calcul: Calcul
    departement: Departement
    caisse: Caisse
    decomptes: list[Decompte]
    actes: dict[int, dict[str, int]]
    qui: dict[int, dict[str, Valeur]]
    structures: dict[int, Structure]


def lignes(nature: str, dossier: Dossier) -> list[Ligne]:
    trouvees = _FICHIERS[nature](dossier)
    return sorted(trouvees, key=lambda ligne: (str(ligne.valeurs["identifiant"]), ligne.cle))


def ouvrir_le_dossier(calcul: Calcul, departement: Departement) -> Dossier:
    caisse = caisse_de(calcul, departement)
    decomptes = list(
        Decompte.objects.filter(calcul=calcul, departement=departement).order_by("prestation", "regle", "pk")
    )
    actes = _actes(calcul, caisse.territoires.keys() | {_cle(d) for d in decomptes})
    par_structures = {d.par_structure for siennes in caisse.declarations.values() for d in siennes}
    cles = {_cle(d) for d in decomptes} | caisse.declarations.keys() | actes.keys()
    structures = Structure.objects.in_bulk(
        [-cle for cle in cles if cle < 0] + [pk for pk in par_structures if pk]
    )
    territoires = caisse.territoires | {_cle(d): d.territoire_id for d in decomptes}
    qui = _qui(calcul, departement, cles, structures, territoires)
    return Dossier(calcul, departement, caisse, decomptes, actes, qui, structures)


def _cle(ligne: Decompte) -> int:
    return ligne.effecteur_id or -(ligne.structure_id or 0)


def _actes(calcul: Calcul, cles: Iterable[int]) -> dict[int, dict[str, int]]:
    """Orientations de chaque bénéficiaire, comptées une fois pour toutes les prestations."""
    voulues = list(cles)
    siens = Acte.objects.filter(
        Q(effecteur__in=[cle for cle in voulues if cle > 0])
        | Q(structure__in=[-cle for cle in voulues if cle < 0]),
        calcul=calcul,
    )
    comptes = {nom: Count("pk", filter=filtre) for nom, filtre in _COMPTES.items()}
    groupes = siens.order_by().values_list("effecteur", "structure").annotate(**comptes)
    return {
        effecteur or -structure: dict(zip(comptes, nombres, strict=True))
        for effecteur, structure, *nombres in groupes
    }


def _qui(
    calcul: Calcul,
    departement: Departement,
    cles: Iterable[int],
    structures: dict[int, Structure],
    territoires: dict[int, int | None],
) -> dict[int, dict[str, Valeur]]:
    effecteurs = Effecteur.objects.in_bulk([cle for cle in cles if cle > 0])
    noms = dict(Territoire.objects.values_list("pk", "nom"))
    dits = {}
    for cle in cles:
        dite = _effecteur(effecteurs[cle]) if cle > 0 else _structure(structures[-cle])
        dits[cle] = dite | {
            "departement": departement.pk,
            "territoire": noms.get(territoires.get(cle) or 0, ""),
            "calcul": f"{calcul.periode.code}-v{calcul.version}",
        }
    return dits


def _effecteur(effecteur: Effecteur) -> dict[str, Valeur]:
    national = effecteur.identifiant_national
    est_rpps = national.startswith("8")
    return {
        "identifiant": f"{'RPPS' if est_rpps else 'ADELI'}:{national[1:]}",
        "rpps": national[1:] if est_rpps else "",
        "finess": "",
        "nom": _en_ligne(effecteur.nom),
        "prenom": _en_ligne(effecteur.prenom),
        "genre": "effecteur",
    }


def _structure(structure: Structure) -> dict[str, Valeur]:
    return {
        "identifiant": _identifiant_de(structure),
        "rpps": "",
        "finess": structure.finess or "",
        "nom": _en_ligne(structure.nom),
        "prenom": "",
        "genre": structure.type,
    }


def _identifiant_de(structure: Structure) -> str:
    return f"FINESS:{structure.finess}" if structure.finess else f"SIRET:{structure.siret}"


def _en_ligne(texte: str) -> str:
    """Un enregistrement tient sur une ligne, pour les lecteurs qui ne savent pas les guillemets."""
    return " ".join(texte.split())


def _participants(dossier: Dossier) -> list[Ligne]:
    forfaits = {_cle(d): d for d in dossier.decomptes if d.prestation == Prestation.PARTICIPATION}
    ecrites = []
    for cle in dossier.caisse.declarations.keys() | forfaits.keys():
        siennes = dossier.caisse.declarations.get(cle, [])
        heures = dossier.caisse.heures.get(cle, Heures())
        inscrit = _o_n(cle in dossier.caisse.avec_compte) if cle > 0 else ""
        valeurs = dossier.qui[cle] | _declaration(siennes, dossier) | _temps(heures) | {"inscrit": inscrit}
        ecrites.append(Ligne((str(cle),), valeurs | _forfait(forfaits.get(cle))))
    return ecrites


def _declaration(siennes: list[Declaration], dossier: Dossier) -> dict[str, Valeur]:
    participantes = [d for d in siennes if d.participe]
    if not participantes:
        vides = (
            "mode",
            "structure",
            "structure_identifiant",
            "debut",
            "fin",
            "interface",
            "refuse_affichage",
        )
        return dict.fromkeys(vides, "")
    derniere = participantes[-1]
    structure = dossier.structures.get(derniere.par_structure or 0)
    return {
        "mode": derniere.mode,
        "structure": _en_ligne(structure.nom) if structure else "",
        "structure_identifiant": _identifiant_de(structure) if structure else "",
        "debut": _jour(participantes[0].du),
        # Une déclaration qui en remplace une autre le même jour n’interrompt pas la participation.
        "fin": "" if siennes[-1].participe else _jour(derniere.au),
        "interface": _o_n(derniere.par_logiciel),
        "refuse_affichage": _o_n(derniere.refuse_affichage),
    }


def _temps(heures: Heures) -> dict[str, Valeur]:
    return {
        "semaines": heures.semaines,
        "heures_min": "" if heures.minimum is None else _heures(Decimal(heures.minimum)),
        "heures_moyenne": _heures(Decimal(heures.total) / heures.semaines) if heures.semaines else "",
        "semaines_courtes": len(heures.courtes),
    }


def _forfait(decompte: Decompte | None) -> dict[str, Valeur]:
    if decompte is None:
        return dict.fromkeys(("eligible", "motif", "montant", "regle"), "")
    refusees = [code for code, (remplie, _) in decompte.conditions.items() if not remplie]
    return {
        "eligible": _o_n(decompte.est_du),
        "motif": ", ".join(
            Condition(code).label if code in Condition.values else "Mode non prévu par la règle"
            for code in refusees
        ),
        "montant": decompte.montant,
        "regle": decompte.regle_id,
    }


def _activite(dossier: Dossier) -> list[Ligne]:
    rien = dict.fromkeys(_COMPTES, 0)
    ecrites = []
    for d in dossier.decomptes:
        cle = _cle(d)
        tranche = d.preuve.get("tranche")
        valeurs: dict[str, Valeur] = {
            "mode": d.mode,
            "prestation": d.prestation,
            **_comptes(dossier.actes.get(cle, rien)),
            "nombre": d.nombre,
            "tranche": f"{tranche['de']} à {tranche['a']}" if tranche and tranche["a"] else "",
            "du": _o_n(d.est_du),
            "versement": "cotation" if d.prestation in MAJORATIONS else "caisse",
            "montant": d.montant,
            "regle": d.regle_id,
        }
        if tranche and not tranche["a"]:
            valeurs["tranche"] = f"{tranche['de']} et plus"
        ecrites.append(Ligne((str(cle), d.prestation, str(d.regle_id)), dossier.qui[cle] | valeurs))
    retenus = {_cle(d) for d in dossier.decomptes}
    for cle, comptes in dossier.actes.items():
        if cle not in retenus:
            vides = dict.fromkeys(
                ("mode", "prestation", "tranche", "du", "versement", "montant", "regle"), ""
            )
            valeurs = {**vides, **_comptes(comptes), "nombre": 0}
            ecrites.append(Ligne((str(cle), "", ""), dossier.qui[cle] | valeurs))
    return ecrites


def _comptes(comptes: dict[str, int]) -> dict[str, Valeur]:
    montres = (
        "orientations", "type_1", "type_2", "type_3", "venus", "pas_venus", "annulees", "issue_inconnue",
    )  # fmt: skip
    return {nom: comptes[nom] for nom in montres}


def _anomalies(dossier: Dossier) -> list[Ligne]:
    relevees = [*_de_participation(dossier), *_d_activite(dossier)]
    ecrites = []
    for cle, code, nombre, detail in relevees:
        valeurs: dict[str, Valeur] = {
            "anomalie": code,
            "libelle": ANOMALIES[code],
            "nombre": nombre,
            "detail": detail,
        }
        ecrites.append(Ligne((str(cle), code), dossier.qui[cle] | valeurs))
    return ecrites


Releve = tuple[int, str, int, str]


def _de_participation(dossier: Dossier) -> Iterable[Releve]:
    for cle, siennes in dossier.caisse.declarations.items():
        participantes = [d for d in siennes if d.participe]
        courtes = dossier.caisse.heures.get(cle, Heures()).courtes
        if courtes and not participantes[-1].par_logiciel:
            yield cle, "semaines_courtes", len(courtes), " ".join(_jour(lundi) for lundi in courtes)
        if cle > 0 and participantes[-1].par_logiciel and cle not in dossier.caisse.avec_creneaux:
            yield cle, "sans_creneau", 1, ""
        if cle > 0 and cle not in dossier.caisse.avec_compte:
            yield cle, "sans_compte", 1, ""
        modes = list(dict.fromkeys(d.mode for d in participantes))
        if len(modes) > 1:
            yield cle, "plusieurs_modes", len(modes), ", ".join(modes)
        if str(dossier.qui[cle]["identifiant"]).startswith("ADELI:"):
            yield cle, "adeli", 1, ""


def _d_activite(dossier: Dossier) -> Iterable[Releve]:
    for cle, comptes in dossier.actes.items():
        for compte, code in (
            ("sans_issue", "issues_inconnues"),
            ("doublons", "doublons"),
            ("non_participant", "sans_participation"),
        ):
            if comptes[compte]:
                yield cle, code, comptes[compte], ""
    plafonnes: dict[int, tuple[int, list[str]]] = {}
    for d in dossier.decomptes:
        if d.prestation == Prestation.MAJORATION_SNP and d.preuve.get("semaines_plafonnees"):
            de_trop, semaines = plafonnes.get(_cle(d), (0, []))
            siennes = [*semaines, *d.preuve["semaines_plafonnees"]]
            plafonnes[_cle(d)] = (de_trop + d.preuve["permises"] - d.nombre, siennes)
    for cle, (de_trop, semaines) in plafonnes.items():
        yield cle, "plafond", de_trop, " ".join(semaines)


def _heures(minutes: Decimal) -> Decimal:
    return (minutes / 60).quantize(Decimal("0.01"))


def _jour(jour: date | None) -> str:
    return jour.isoformat() if jour else ""


def _o_n(vrai: bool) -> str:
    return "O" if vrai else "N"


_FICHIERS: dict[str, Callable[[Dossier], list[Ligne]]] = {
    NatureExport.PARTICIPANTS: _participants,
    NatureExport.ACTIVITE: _activite,
    NatureExport.ANOMALIES: _anomalies,
}
