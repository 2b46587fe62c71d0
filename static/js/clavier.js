// Toute la régulation au clavier. Les touches n’agissent que hors des champs et se coupent (WCAG 2.1.4).
// Un élément répond à une touche en portant `data-sas-touche` ; `data-sas-suivant` marque l’étape suivante.
const REGLAGE = "sas-raccourcis"; // une préférence du poste, qui ne dit rien de personne
const CHAMPS = "input, select, textarea, [contenteditable], [role=combobox], .leaflet-container";
const SE_REPETENT = new Set(["j", "k"]);

class Clavier {
    constructor(bloc) {
        this.annonce = document.querySelector("[data-sas-clavier-annonce]");
        this.dialogue = document.querySelector("[data-sas-clavier-dialogue]");
        this.actifs = this.dialogue.querySelector("input[type=checkbox]");
        this.actifs.checked = localStorage.getItem(REGLAGE) !== "non";
        this.actifs.addEventListener("change", () => localStorage.setItem(REGLAGE, this.actifs.checked ? "oui" : "non"));
        bloc.hidden = false;
        bloc.querySelector("[data-sas-clavier-aide]").addEventListener("click", () => this.aider());
        document.addEventListener("keydown", (evenement) => this.entendre(evenement));
    }

    entendre(evenement) {
        const { key: touche, repeat: repetee } = evenement;
        if (
            !this.actifs.checked ||
            evenement.defaultPrevented ||
            evenement.ctrlKey ||
            evenement.altKey ||
            evenement.metaKey ||
            evenement.isComposing ||
            (repetee && !SE_REPETENT.has(touche)) ||
            evenement.target.closest?.(CHAMPS) ||
            document.querySelector("dialog[open], .fr-modal--opened")
        ) {
            return;
        }
        if (this.faire(touche)) {
            evenement.preventDefault();
        }
    }

    faire(touche) {
        switch (touche) {
            case "?":
                return this.aider();
            case "/":
                return this.chercher();
            case "j":
                return this.avancer(1);
            case "k":
                return this.avancer(-1);
            case "c":
                return this.appeler();
            case "o":
                return this.orienter();
            case "h":
                return this.declencher("h") || this.tenir();
            case "Enter":
                return this.continuer();
            default:
                return this.declencher(touche);
        }
    }

    get cartes() {
        return [...document.querySelectorAll("article.sas-carte")];
    }

    // La carte où est le clavier ; à défaut, la première.
    get carte() {
        return document.activeElement.closest("article.sas-carte") ?? this.cartes[0];
    }

    aider() {
        this.dialogue.showModal();
        return true;
    }

    chercher() {
        const champ = document.querySelector("[data-sas-recherche] input:not([type=hidden])");
        if (champ) {
            champ.focus();
            champ.select();
            return true;
        }
        const lien = document.querySelector("a[href*='/recherche/?recherche=']");
        if (lien) {
            location.assign(`${lien.href}#id_quoi`);
        }
        return Boolean(lien);
    }

    avancer(pas) {
        const { cartes } = this;
        if (!cartes.length) {
            return false;
        }
        const ici = cartes.indexOf(document.activeElement.closest("article.sas-carte"));
        const rang = ici + (ici < 0 && pas < 0 ? 0 : pas);
        if (rang < 0 || rang >= cartes.length) {
            this.dire(pas > 0 ? "Dernière offre de la page." : "Première offre de la page.");
            return true;
        }
        cartes[rang].tabIndex = -1;
        cartes[rang].focus({ preventScroll: true });
        cartes[rang].scrollIntoView({ block: "nearest" });
        this.dire(`Offre ${rang + 1} sur ${cartes.length}.`);
        return true;
    }

    // Le dernier numéro d’une carte est celui réservé à la régulation, quand il y en a un.
    appeler() {
        const liens = [...(this.carte ?? document.querySelector("main")).querySelectorAll("a[href^='tel:']")];
        const lien = liens.at(-1);
        if (!lien) {
            this.dire("Pas de numéro de téléphone ici.");
            return true;
        }
        const numero = decodeURIComponent(lien.getAttribute("href").slice("tel:".length));
        navigator.clipboard?.writeText(numero).then(
            () => this.dire(`Numéro copié : ${numero}.`),
            () => {},
        );
        lien.focus();
        lien.click();
        return true;
    }

    orienter() {
        const { carte } = this;
        const cible = carte?.querySelector("a.sas-creneau, button.sas-creneau, .sas-carte__agenda a.fr-btn");
        if (cible) {
            cible.click();
        } else {
            this.dire("Aucun créneau à proposer sur cette offre.");
        }
        return true;
    }

    // Seulement quand rien n’est choisi : « Entrée » sur un lien ou un bouton reste la sienne.
    continuer() {
        const suivant = document.querySelector("[data-sas-suivant]");
        if (document.activeElement !== document.body || !suivant) {
            return false;
        }
        suivant.click();
        return true;
    }

    declencher(touche) {
        if (!/^[a-z0-9]$/.test(touche)) {
            return false;
        }
        const cible = (this.carte ?? document.querySelector("main")).querySelector(`[data-sas-touche="${touche}"]`);
        if (cible?.matches("select")) {
            // Un motif se choisit : la touche y mène, elle n’envoie rien.
            cible.closest("details").open = true;
            cible.focus();
        } else {
            cible?.click();
        }
        return Boolean(cible);
    }

    // Depuis la liste : la première place de l’agenda SAS de la carte, le temps d’appeler.
    tenir() {
        const formulaire = document.querySelector("[data-sas-tenir]");
        const creneau = this.carte?.querySelector("a.sas-creneau")?.pathname.match(/\/([\w-]+)\/$/);
        if (!formulaire || !this.carte) {
            return false;
        }
        if (creneau) {
            formulaire.action = formulaire.dataset.sasTenir.replace("IDENTIFIANT", creneau[1]);
            formulaire.submit();
        } else {
            this.dire("Aucune place à tenir sur cette offre.");
        }
        return true;
    }

    dire(texte) {
        this.annonce.textContent = texte;
    }
}

const bloc = document.querySelector("[data-sas-clavier]");
if (bloc) {
    new Clavier(bloc);
}
