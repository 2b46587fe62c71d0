"""Produire les fichiers d’une caisse, les valider à deux, les remettre. Remis, un fichier ne se corrige que par un autre."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import transaction

from annuaire.models import Departement
from comptes.actions import tracer
from comptes.models import Compte
from remuneration.caisse.fichiers import Fichier, SansColonne, fichier
from remuneration.caisse.lignes import Dossier, ouvrir_le_dossier
from remuneration.enums import Etape, NatureExport
from remuneration.models import Calcul, Export, Periode


class GesteRefuse(Exception):
    """Le message est montrable."""


@transaction.atomic
def produire(calcul: Calcul, departement: Departement, *, par: Compte, maintenant: datetime) -> list[Export]:
    """Les fichiers qui manquent à ce calcul clos. Lève `GesteRefuse`.

    Un fichier déjà remis pour une version d’avant ne se remet pas : celui-ci n’en porte que les différences.
    """
    _tenir(calcul.periode_id)
    if calcul.etape != Etape.CLOS:
        raise GesteRefuse("Ce calcul n’est pas clos\u00a0: ses lignes peuvent encore changer.")
    _refuser_si_depasse(calcul)
    connus = Export.objects.filter(calcul=calcul, departement=departement).values_list("nature", flat=True)
    manquants = [nature for nature in NatureExport.values if nature not in set(connus)]
    dossier = ouvrir_le_dossier(calcul, departement)
    dossiers: dict[int, Dossier] = {}
    produits = []
    for nature in manquants:
        remis = _dernier_remis(calcul, departement, nature)
        if remis is not None and remis.calcul_id not in dossiers:
            dossiers[remis.calcul_id] = ouvrir_le_dossier(remis.calcul, departement)
        try:
            ecrit = fichier(nature, dossier, depuis=dossiers[remis.calcul_id] if remis else None)
        except SansColonne as sans:
            raise GesteRefuse(f"{NatureExport(nature).label}\u00a0: {sans}") from None
        produits.append(_garder(ecrit, calcul, departement, nature, remis, par, maintenant))
    for export in produits:
        _tracer("export.produit", export, par)
    return produits


def _garder(
    ecrit: Fichier,
    calcul: Calcul,
    departement: Departement,
    nature: str,
    remis: Export | None,
    par: Compte,
    maintenant: datetime,
) -> Export:
    return Export.objects.create(
        calcul=calcul,
        departement=departement,
        nature=nature,
        rectifie=remis,
        nom=ecrit.nom,
        contenu=ecrit.contenu,
        lignes=ecrit.lignes,
        cles=ecrit.cles,
        empreinte=ecrit.empreinte,
        manifeste=ecrit.manifeste,
        signature=ecrit.signature,
        genere_le=maintenant,
        genere_par=par,
    )


@transaction.atomic
def valider(export: Export, *, par: Compte, maintenant: datetime) -> Export:
    """Ouvre la remise ; plus rien ne change ensuite. Lève `GesteRefuse`."""
    tenu = _tenir_l_export(export)
    if tenu.valide_le is not None:
        raise GesteRefuse("Ce fichier est déjà validé.")
    if tenu.genere_par_id == par.pk:
        raise GesteRefuse("Vous avez produit ce fichier\u00a0: une autre personne doit le valider.")
    _refuser_si_depasse(tenu.calcul)
    if hashlib.sha256(bytes(tenu.contenu)).hexdigest() != tenu.empreinte:
        raise GesteRefuse("Le contenu gardé n’est plus celui qui a été produit\u00a0: prévenez l’exploitant.")
    tenu.valide_le, tenu.valide_par = maintenant, par
    tenu.save(update_fields=["valide_le", "valide_par"])
    _tracer("export.valide", tenu, par)
    return tenu


@transaction.atomic
def retirer(export: Export, *, par: Compte) -> None:
    """Efface un fichier que personne n’a validé, pour le produire de nouveau. Lève `GesteRefuse`."""
    tenu = _tenir_l_export(export)
    if tenu.valide_le is not None:
        raise GesteRefuse("Un fichier validé ne se retire plus\u00a0: il se corrige par un rectificatif.")
    numero = tenu.pk
    tenu.delete()
    tracer(acteur=par, verbe="export.retire", objet=f"export:{numero}", nom=tenu.nom)


@transaction.atomic
def remettre(export: Export, *, par: Compte, maintenant: datetime) -> Export:
    """À appeler à chaque téléchargement : le premier est la remise. Lève `GesteRefuse`."""
    tenu = _tenir_l_export(export)
    if tenu.valide_le is None:
        raise GesteRefuse("Ce fichier n’est pas validé\u00a0: une seconde personne doit d’abord le relire.")
    est_remise = tenu.remis_le is None
    if est_remise:
        _refuser_si_depasse(tenu.calcul)
        tenu.remis_le = maintenant
        tenu.save(update_fields=["remis_le"])
    _tracer("export.telecharge", tenu, par, est_remise=est_remise)
    return tenu


@transaction.atomic
def donner_le_manifeste(export: Export, *, par: Compte) -> None:
    """Trace qui l’emporte. Lève `GesteRefuse` tant que le fichier n’est pas validé."""
    if export.valide_le is None:
        raise GesteRefuse("Ce fichier n’est pas validé\u00a0: une seconde personne doit d’abord le relire.")
    _tracer("export.manifeste_telecharge", export, par)


def est_depasse(calcul: Calcul) -> bool:
    """Une version close plus récente existe : ses fichiers disent tout ce que ceux-ci diraient, et mieux."""
    plus_recents = Calcul.objects.filter(periode=calcul.periode_id, version__gt=calcul.version)
    return plus_recents.filter(etape=Etape.CLOS).exists()


def _refuser_si_depasse(calcul: Calcul) -> None:
    if est_depasse(calcul):
        raise GesteRefuse(
            "Une version plus récente de cette période est close\u00a0: servez-vous de ses fichiers."
        )


def _dernier_remis(calcul: Calcul, departement: Departement, nature: str) -> Export | None:
    remis = Export.objects.filter(
        calcul__periode=calcul.periode_id,
        calcul__version__lt=calcul.version,
        departement=departement,
        nature=nature,
        remis_le__isnull=False,
    )
    return remis.select_related("calcul__periode").order_by("-calcul__version").first()


def _tenir(periode_id: int) -> None:
    """Un seul geste à la fois par période : remettre un fichier et en produire le rectificatif ne se croisent pas."""
    Periode.objects.select_for_update(of=("self",), no_key=True).get(pk=periode_id)


def _tenir_l_export(export: Export) -> Export:
    """Lève `GesteRefuse` s’il vient d’être retiré."""
    _tenir(export.calcul.periode_id)
    tenu = (
        Export.objects.select_for_update(of=("self",)).select_related("calcul").filter(pk=export.pk).first()
    )
    if tenu is None:
        raise GesteRefuse("Ce fichier vient d’être retiré.")
    return tenu


def _tracer(verbe: str, export: Export, par: Compte, **details: bool) -> None:
    tracer(acteur=par, verbe=verbe, objet=f"export:{export.pk}", empreinte=export.empreinte, **details)
