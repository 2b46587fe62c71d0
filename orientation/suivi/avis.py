"""Prévenir le professionnel, ou la structure, de ce qu’on lui adresse : quand il l’a choisi, par courriel.

Le courriel s’écrit dans la transaction de l’orientation, ou pas du tout. Il ne
dit rien du patient, que la plateforme ne connaît pas.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from agenda.enums import Genre
from annuaire.models import Effecteur, Perimetre, Structure
from comptes.actions import tracer
from comptes.courriels import ecrire, lien_public
from comptes.enums import Role
from comptes.models import Compte, Habilitation
from orientation.enums import Issue, RythmeAvis, Voie
from orientation.models import Orientation, OrientationQuerySet, PreferenceAvis
from orientation.rendu.textes import moment
from orientation.rendu.textes import resume as resume_du_lieu
from orientation.suivi.jetons import VALIDITE, sceller

# Le premier résumé de qui vient de le choisir ne remonte pas plus loin.
RESUME_MAX = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Ligne:
    """Une orientation telle que la dit un courriel ; `liens` : (libellé, adresse) d’un clic chacun.

    `nom` : chez qui le patient se rend ; le gestionnaire d’une CPTS n’en saurait rien autrement.
    """

    moment: str
    nom: str
    adresse: str
    en_sus: bool
    regulation: str
    est_annulee: bool
    liens: list[tuple[str, str]] = field(default_factory=list)


def rythme_de(*, effecteur: Effecteur | None = None, structure: Structure | None = None) -> RythmeAvis:
    """Sans préférence écrite : à chaque orientation."""
    siennes = PreferenceAvis.objects.filter(effecteur=effecteur, structure=structure)
    rythme = siennes.values_list("rythme", flat=True).first()
    return RythmeAvis(rythme) if rythme else RythmeAvis.IMMEDIAT


@transaction.atomic
def choisir(
    *,
    acteur: Compte,
    rythme: RythmeAvis,
    maintenant: datetime,
    effecteur: Effecteur | None = None,
    structure: Structure | None = None,
) -> PreferenceAvis:
    """Change le rythme ; le résumé du soir part de cet instant."""
    preference, _ = PreferenceAvis.objects.update_or_create(
        effecteur=effecteur,
        structure=structure,
        defaults={"rythme": rythme, "resume_jusqu_au": maintenant},
    )
    objet = f"effecteur:{effecteur.pk}" if effecteur else f"structure:{structure.pk if structure else 0}"
    tracer(acteur=acteur, verbe="avis.choisi", objet=objet, rythme=rythme)
    return preference


def prevenir(orientation: Orientation, *, maintenant: datetime) -> int:
    """Écrit aux destinataires qui le veulent aussitôt ; rend le nombre de courriels."""
    comptes: dict[int, Compte] = {}
    if orientation.effecteur and rythme_de(effecteur=orientation.effecteur) == RythmeAvis.IMMEDIAT:
        comptes |= {c.pk: c for c in comptes_de_l_effecteur(orientation.effecteur)}
    if orientation.structure and rythme_de(structure=orientation.structure) == RythmeAvis.IMMEDIAT:
        comptes |= {c.pk: c for c in gestionnaires(orientation.structure, maintenant)}
    gabarit = "orientation/avis_annulation" if orientation.annulee_le else "orientation/avis"
    for compte in comptes.values():
        ecrire(
            gabarit=gabarit,
            destinataire=compte.email or "",
            contexte={"ligne": ligne(orientation, compte)} | _communs(),
            compte=compte,
        )
    return len(comptes)


def resumer(*, maintenant: datetime) -> int:
    """Écrit les résumés du soir de tous ceux qui ont reçu un patient ; rend leur nombre.

    Rejouable : ce qui a été dit est daté avec le courriel. Interrompu, il reprend par les plus anciens.
    """
    recues = Orientation.objects.filter(
        Q(effecteur=OuterRef("effecteur")) | Q(structure=OuterRef("structure")),
        Q(prise_le__gte=OuterRef("resume_jusqu_au")) | Q(annulee_le__gte=OuterRef("resume_jusqu_au")),
    )
    dues = PreferenceAvis.objects.filter(
        Exists(recues), rythme=RythmeAvis.QUOTIDIEN, resume_jusqu_au__lt=maintenant
    )
    numeros = list(dues.order_by("resume_jusqu_au", "pk").values_list("pk", flat=True))
    return sum(_resumer(numero, maintenant) for numero in numeros)


@transaction.atomic
def _resumer(numero: int, maintenant: datetime) -> int:
    preference = (
        PreferenceAvis.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("effecteur", "structure")
        .filter(pk=numero, rythme=RythmeAvis.QUOTIDIEN, resume_jusqu_au__lt=maintenant)
        .first()
    )
    if preference is None:
        return 0
    depuis = max(preference.resume_jusqu_au, maintenant - RESUME_MAX)
    preference.resume_jusqu_au = maintenant
    preference.save(update_fields=["resume_jusqu_au"])
    orientations = list(_du_jour(preference, depuis, maintenant).pour_affichage())
    if not orientations:
        return 0
    if preference.effecteur is not None:
        comptes = comptes_de_l_effecteur(preference.effecteur)
    else:
        assert preference.structure is not None  # preferenceavis_effecteur_ou_structure
        comptes = gestionnaires(preference.structure, maintenant)
    for compte in comptes:
        contexte = {"lignes": [ligne(o, compte) for o in orientations]} | _communs()
        ecrire(
            gabarit="orientation/resume", destinataire=compte.email or "", contexte=contexte, compte=compte
        )
    return len(comptes)


def _du_jour(preference: PreferenceAvis, depuis: datetime, maintenant: datetime) -> OrientationQuerySet:
    """Celles prises, ou annulées, depuis le dernier résumé."""
    siennes = (
        Orientation.objects.filter(effecteur=preference.effecteur_id)
        if preference.effecteur_id
        else Orientation.objects.filter(structure=preference.structure_id)
    )
    periode = (depuis, maintenant)
    return siennes.filter(Q(prise_le__range=periode) | Q(annulee_le__range=periode))


def ligne(orientation: Orientation, compte: Compte) -> Ligne:
    lieu = orientation.lieu
    reservation = orientation.reservation
    est_plage = reservation is not None and reservation.disponibilite.genre == Genre.PLAGE
    quand = moment(orientation.debut, orientation.fin, lieu.fuseau, est_plage=est_plage)
    liens = [] if orientation.annulee_le else _liens(orientation, compte)
    resume = resume_du_lieu(lieu)
    return Ligne(
        moment=quand,
        nom=resume.titre,
        adresse=resume.adresse,
        en_sus=orientation.voie == Voie.SURNUMERAIRE,
        regulation=orientation.territoire.nom if orientation.territoire else "",
        est_annulee=orientation.annulee_le is not None,
        liens=liens,
    )


def _liens(orientation: Orientation, compte: Compte) -> list[tuple[str, str]]:
    return [
        (
            issue.label,
            lien_public(
                reverse("suivi:issue_par_lien", kwargs={"jeton": sceller(orientation, compte, issue)})
            ),
        )
        for issue in Issue
    ]


def _communs() -> dict[str, Any]:
    """Ce que dit chaque courriel : où tout retrouver, et combien de temps servent ses liens d’un clic."""
    return {"lien": lien_public(reverse("suivi:issues")), "validite_j": VALIDITE.days}


def comptes_de_l_effecteur(effecteur: Effecteur) -> list[Compte]:
    return _joignables(Compte.objects.filter(identifiant_national=effecteur.identifiant_national))


def gestionnaires(structure: Structure, maintenant: datetime) -> list[Compte]:
    """Qui gère la structure à cet instant, et se joint par courriel."""
    return _joignables(_gerants(structure, maintenant))


def recoit(compte: Compte, orientation: Orientation, maintenant: datetime) -> bool:
    """Vrai tant que la réponse de cette personne vaut : qui ne gère plus la structure ne parle plus pour elle."""
    effecteur, structure = orientation.effecteur, orientation.structure
    if effecteur is not None and compte.identifiant_national == effecteur.identifiant_national:
        return True
    return structure is not None and _gerants(structure, maintenant).filter(pk=compte.pk).exists()


def _gerants(structure: Structure, maintenant: datetime) -> QuerySet[Compte]:
    habilitations = Habilitation.objects.filter(role=Role.GESTIONNAIRE_STRUCTURE).en_cours(maintenant)
    perimetres = Perimetre.objects.en_cours(maintenant).filter(
        structure=structure, habilitation__in=habilitations
    )
    return Compte.objects.filter(pk__in=perimetres.values("habilitation__compte"))


def _joignables(comptes: QuerySet[Compte]) -> list[Compte]:
    actifs: Iterable[Compte] = comptes.filter(
        is_active=True, email__isnull=False, courriel_rejete_le=None
    ).order_by("pk")
    return list(actifs)
