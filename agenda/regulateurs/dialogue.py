"""Ce que l’on dit à un éditeur selon ce qu’il sait, et selon ce qu’il répond (fhir.md § 6.2). Sans base."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

# L’éditeur a lu et ne veut pas : doublon, règle de gestion, identifiant inconnu de lui.
REFUS = frozenset({400, 404, 409, 410, 412, 422})


@dataclass(frozen=True, slots=True)
class Reponse:
    """`statut` nul : aucune réponse lue. `motif` se montre au support."""

    statut: int = 0
    motif: str = ""
    attente_s: int = 0

    @property
    def est_reussie(self) -> bool:
        return 200 <= self.statut < 300

    @property
    def est_un_refus(self) -> bool:
        return self.statut in REFUS


@dataclass(frozen=True, slots=True)
class Message:
    """`connu` : l’identifiant acquitté, vide s’il n’y en a pas ; `vise` : celui que porte `corps`.

    `douteux` : un message resté sans réponse a peut-être déjà posé `vise`.
    `fermeture` : désactivation de `connu`, si `vise` doit prendre sa place.
    """

    connu: str
    vise: str
    douteux: bool
    corps: dict[str, Any]
    fermeture: dict[str, Any]

    @property
    def methode(self) -> str:
        return "PUT" if self.connu or self.douteux else "POST"

    @property
    def cible(self) -> str:
        return "" if self.methode == "POST" else self.connu or self.vise


# (identifiant interrogé, ou vide pour une création ; corps) → réponse
Appel = Callable[[str, dict[str, Any]], Awaitable[Reponse]]


async def dialoguer(appeler: Appel, message: Message) -> Reponse:
    """Amène l’éditeur à un seul compte, celui que porte `message`. Rend la réponse qui a tranché.

    - jamais annoncé : création ; refusée, il existe déjà, et on le met à jour ;
    - connu sous un autre identifiant : mise à jour de l’ancien vers le nouveau ;
      refusée, le nouveau existe déjà : on le met à jour, puis on ferme l’ancien ;
    - sinon : mise à jour, que l’éditeur prend pour une création s’il l’ignore.
    """
    if message.methode == "POST":
        creation = await appeler("", message.corps)
        if not creation.est_un_refus:
            return creation
        return await appeler(message.vise, message.corps)
    if message.connu in ("", message.vise):
        return await appeler(message.vise, message.corps)
    echange = await appeler(message.connu, message.corps)
    if not echange.est_un_refus:
        return echange
    reprise = await appeler(message.vise, message.corps)
    if not reprise.est_reussie:
        return reprise
    fermeture = await appeler(message.connu, message.fermeture)
    if fermeture.est_reussie or (fermeture.est_un_refus and message.douteux):
        return reprise
    # Ce n’est plus un refus du message : le nouveau compte est posé, l’ancien reste à fermer.
    return replace(fermeture, statut=0, motif=f"ancien compte non fermé\u00a0: {fermeture.motif}")
