"""Les refus de U-12 et U-13, règle par règle ; aucun n’écrit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from annuaire.champs import Champ
from annuaire.gestion import messages
from annuaire.gestion.actions import EmailPris, IdentifiantPris
from annuaire.gestion.lectures import homonymes_de
from annuaire.gestion.portee import (
    non_finies,
    territoires_de_l_effecteur,
    territoires_de_la_structure,
)
from annuaire.gestion.recherches import (
    LIMITE,
    decrire_effecteur,
    effecteurs_trouves,
    identifiant_saisi,
    structures_rattachables,
)
from annuaire.gestion.saisie import PARIS, TERRITORIAUX
from annuaire.models import Delegation, Effecteur, Structure
from comptes.enums import Role
from comptes.models import Compte


class ReglesDuCompte:
    """Partie d’un formulaire de compte : lit `cleaned_data`, y pose ce que l’annuaire impose."""

    acteur: Compte
    compte: Compte | None
    champ_gere: Champ
    instant: datetime
    identifiant_national: str | None
    signaler_homonymes: bool
    homonymes: list[Compte]
    fields: dict[str, Any]
    initial: dict[str, Any]
    cleaned_data: dict[str, Any]
    add_error: Callable[[str | None, str], None]
    choix_effecteurs: list[tuple[str, str]] = []
    email_pris: EmailPris | None = None

    def verifier_roles(self, roles: set[Role]) -> None:
        if not roles and self.compte is None and "roles" in self.cleaned_data:
            self.add_error("roles", messages.SANS_ROLE)
        if roles == {Role.REFERENT}:
            self.add_error("roles", messages.REFERENT_SEUL)
        aujourd_hui = self.instant.astimezone(PARIS).date()
        for role in roles:
            fin = self.cleaned_data.get(f"fin_{role}")
            if fin is not None and fin < aujourd_hui:
                self.add_error(f"fin_{role}", messages.DATE_PASSEE)

    # --- Identité -----------------------------------------------------------

    def verifier_identite(self, roles: set[Role]) -> None:
        effecteur = None
        deja_effecteur = Role.EFFECTEUR in (self.initial.get("roles") or [])
        if Role.EFFECTEUR in roles and not deja_effecteur:
            effecteur = self._effecteur_saisi()
        elif not self.identifiant_national and self.cleaned_data.get("identifiant"):
            self.identifiant_national = identifiant_saisi(self.cleaned_data["identifiant"])
            if self.identifiant_national is None:
                self.add_error("identifiant", messages.NUMERO_INVALIDE)
        if effecteur is not None:
            self.cleaned_data["nom"], self.cleaned_data["prenom"] = effecteur.nom, effecteur.prenom
            for nom in ("nom", "prenom"):
                self.errors.pop(nom, None)  # type: ignore[attr-defined]
        elif Role.EFFECTEUR not in roles or deja_effecteur:
            for nom, message in (("prenom", messages.SANS_PRENOM), ("nom", messages.SANS_NOM)):
                if nom in self.cleaned_data and not self.cleaned_data[nom]:
                    self.add_error(nom, message)
        self._verifier_le_numero_unique()
        self._signaler_les_homonymes()

    def _effecteur_saisi(self) -> Effecteur | None:
        """L’effecteur du numéro, ou celui qu’on a choisi parmi les noms trouvés."""
        texte = (self.cleaned_data.get("identifiant") or "").strip()
        if not texte:
            self.add_error("identifiant", messages.SANS_NUMERO)
            return None
        trouves = effecteurs_trouves(texte, self.champ_gere)
        choisi = self.cleaned_data.get("identifiant_choisi")
        if not identifiant_saisi(texte):
            self.choix_effecteurs = [(e.identifiant_national, decrire_effecteur(e)) for e in trouves[:LIMITE]]
            self.fields["identifiant_choisi"].widget.choices = self.choix_effecteurs
            retenus = [e for e in trouves if e.identifiant_national == choisi]
            if trouves and not retenus:
                message = messages.PRECISER if len(trouves) > LIMITE else messages.CHOISIR
                self.add_error("identifiant", message)
                return None
            trouves = retenus
        if not trouves:
            self.add_error("identifiant", messages.NUMERO_INVALIDE)
            return None
        effecteur = trouves[0]
        self.identifiant_national = effecteur.identifiant_national
        self._verifier_le_territoire("identifiant", territoires_de_l_effecteur(effecteur))
        return effecteur

    def _verifier_le_numero_unique(self) -> None:
        if not self.identifiant_national or (self.compte and self.compte.identifiant_national):
            return
        pris = Compte.objects.filter(identifiant_national=self.identifiant_national)
        # Le compte sans rôle de la même adresse recevra les rôles (U-15).
        if pris.exclude(email=self.cleaned_data.get("email") or "").exists():
            self.add_error("identifiant", IdentifiantPris.message)

    def _signaler_les_homonymes(self) -> None:
        nom, prenom = self.cleaned_data.get("nom"), self.cleaned_data.get("prenom")
        if not self.signaler_homonymes or not nom or self.cleaned_data.get("identifiant"):
            return
        self.homonymes = homonymes_de(nom, prenom or "", self.acteur, instant=self.instant)
        if self.homonymes and not self.cleaned_data.get("homonyme"):
            self.add_error("nom", messages.HOMONYME)

    def verifier_adresse(self) -> None:
        """Courtoisie : la base, elle, refuse à coup sûr (`actions.creer`)."""
        email = self.cleaned_data.get("email")
        pris = Compte.objects.filter(email=email).first() if email else None
        if pris is None or pris == self.compte:
            return
        sans_role = pris.is_active and not pris.habilitations.filter(non_finies(self.instant)).exists()
        if self.compte is not None or not sans_role:
            self.email_pris = EmailPris(pris)
            self.add_error("email", self.email_pris.message)

    # --- Périmètres ---------------------------------------------------------

    def verifier_perimetres(self, roles: set[Role]) -> None:
        for role in roles & set(TERRITORIAUX):
            nom = f"territoires_{role}"
            if nom in self.cleaned_data and not self.cleaned_data[nom]:
                self.add_error(nom, messages.SANS_TERRITOIRE)
            elif not set(self.cleaned_data.get(nom) or []) <= {pk for pk, _ in self.fields[nom].choices}:
                self.add_error(nom, messages.HORS_TERRITOIRE)
        if Role.GESTIONNAIRE_STRUCTURE in roles:
            deja = {int(pk) for pk in self.initial.get("structures") or []}
            self._verifier_les_structures("structures", "structures_cherche", deja)
            if not self.cleaned_data["structures"]:
                self._exiger("structures_cherche", messages.SANS_STRUCTURE)
        if Role.DELEGATAIRE in roles:
            self._verifier_les_titulaires()

    def _verifier_les_titulaires(self) -> None:
        for effecteur in Effecteur.objects.filter(pk__in=self.cleaned_data["professionnels"]):
            self._verifier_le_territoire("professionnels_cherche", territoires_de_l_effecteur(effecteur))
        self._verifier_les_structures("structures_liees", "structures_liees_cherche", set())
        deja = (
            self.compte is not None
            and (
                Delegation.objects.filter(non_finies(self.instant), delegataire=self.compte, revoquee_le=None)
            ).exists()
        )
        if not (deja or self.cleaned_data["professionnels"] or self.cleaned_data["structures_liees"]):
            self._exiger("professionnels_cherche", messages.SANS_TITULAIRE)

    def _exiger(self, nom: str, message: str) -> None:
        """Le manque ne s’ajoute pas à l’erreur de qui a cherché sans trouver."""
        if not self.has_error(nom):  # type: ignore[attr-defined]
            self.add_error(nom, message)

    def _verifier_les_structures(self, cases: str, cherche: str, deja: set[int]) -> None:
        nouvelles = set(self.cleaned_data[cases]) - deja
        admises = {s.pk: s for s in structures_rattachables(self.champ_gere).filter(pk__in=nouvelles)}
        if nouvelles - set(admises):
            self.add_error(cherche, messages.STRUCTURE_INTROUVABLE)
        for structure in admises.values():
            self._verifier_le_territoire(cherche, territoires_de_la_structure(structure))

    def _verifier_le_territoire(self, nom: str, territoires: set[int]) -> None:
        """U-13 ; l’administrateur a tous les territoires."""
        if self.champ_gere.france:
            return
        if not territoires:
            self.add_error(nom, messages.SANS_TERRITOIRE_DU_SAS)
        elif not territoires & self.champ_gere.territoires:
            self.add_error(nom, messages.HORS_TERRITOIRE)

    def titulaires(self) -> tuple[Effecteur | Structure, ...]:
        effecteurs = Effecteur.objects.filter(pk__in=self.cleaned_data["professionnels"]).order_by("pk")
        structures = Structure.objects.filter(pk__in=self.cleaned_data["structures_liees"]).order_by("pk")
        return (*effecteurs, *structures)
