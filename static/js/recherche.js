// Champ à suggestions, sur le motif « combobox » d’ARIA 1.2 : le texte reste un champ ordinaire, la liste aide.
// Ce qui est tapé part en POST : une adresse n’apparaît ni dans une URL ni dans un journal.
const DELAI_MS = 200;
const LETTRES_MIN = 3;
const DEPARTEMENT = /^(\d\d|2[ab])$/i; // un numéro de département se suffit

class Combobox {
    constructor(bloc) {
        this.url = bloc.dataset.url;
        this.suggereSansTexte = bloc.dataset.vide === "oui";
        this.champ = bloc.querySelector("input:not([type=hidden])");
        this.choisi = bloc.querySelector("input[type=hidden]");
        this.csrf = bloc.closest("form").elements.csrfmiddlewaretoken.value;
        this.actif = -1;
        this.poser(bloc);
        this.champ.addEventListener("input", () => this.saisir());
        this.champ.addEventListener("focus", () => this.saisir());
        this.champ.addEventListener("blur", () => this.fermer());
        this.champ.addEventListener("keydown", (evenement) => this.toucher(evenement));
        // `mousedown` garde le champ actif : un clic dans la liste n’est pas une sortie du champ.
        this.liste.addEventListener("mousedown", (evenement) => evenement.preventDefault());
        this.liste.addEventListener("click", (evenement) => {
            const option = evenement.target.closest("[role=option]");
            if (option) {
                this.choisir(option);
            }
        });
    }

    poser(bloc) {
        const libelle = bloc.querySelector(`label[for="${this.champ.id}"]`);
        const cadre = document.createElement("div");
        cadre.className = "sas-combobox__cadre";
        this.liste = document.createElement("ul");
        this.liste.id = `${this.champ.id}-options`;
        this.liste.className = "sas-options";
        this.liste.setAttribute("role", "listbox");
        this.liste.setAttribute("aria-label", "Suggestions");
        this.liste.hidden = true;
        this.annonce = document.createElement("p");
        this.annonce.className = "fr-sr-only";
        this.annonce.setAttribute("role", "status");
        this.vider = document.createElement("button");
        this.vider.type = "button";
        this.vider.className = "sas-combobox__vider fr-btn fr-btn--tertiary-no-outline fr-icon-close-line fr-btn--sm";
        this.vider.textContent = `Vider le champ « ${libelle.firstChild.textContent.trim()} »`;
        this.vider.hidden = !this.champ.value;
        this.vider.addEventListener("click", () => {
            this.champ.value = "";
            this.champ.focus();
            this.saisir();
        });
        this.champ.replaceWith(cadre);
        cadre.append(this.champ, this.vider, this.liste, this.annonce);
        this.champ.setAttribute("role", "combobox");
        this.champ.setAttribute("autocomplete", "off");
        this.champ.setAttribute("aria-autocomplete", "list");
        this.champ.setAttribute("aria-expanded", "false");
        this.champ.setAttribute("aria-controls", this.liste.id);
    }

    saisir() {
        const texte = this.champ.value.trim();
        this.vider.hidden = !texte;
        clearTimeout(this.attente);
        const suffit = texte.length >= LETTRES_MIN || DEPARTEMENT.test(texte);
        if (!suffit && !(this.suggereSansTexte && !texte)) {
            this.fermer();
            return;
        }
        this.annonce.textContent = "";
        this.attente = setTimeout(() => this.demander(texte), DELAI_MS);
    }

    async demander(texte) {
        this.requete?.abort();
        this.requete = new AbortController();
        try {
            const reponse = await fetch(this.url, {
                method: "POST",
                headers: { "X-CSRFToken": this.csrf },
                body: new URLSearchParams({ texte }),
                redirect: "error", // session finie : la page de connexion n’est pas une liste
                signal: this.requete.signal,
            });
            if (!reponse.ok) {
                throw new Error(String(reponse.status));
            }
            this.montrer(await reponse.text());
        } catch (erreur) {
            if (erreur.name !== "AbortError") {
                this.fermer();
                this.annonce.textContent = "Les suggestions sont indisponibles ; la recherche reste possible.";
            }
        }
    }

    montrer(fragment) {
        if (document.activeElement !== this.champ) {
            return;
        }
        this.liste.innerHTML = fragment;
        this.options = [...this.liste.querySelectorAll("[role=option]")];
        this.options.forEach((option, rang) => {
            option.id = `${this.liste.id}-${rang}`;
        });
        const nombre = this.options.length;
        this.activer(this.surLaPremiere && nombre ? 0 : -1);
        this.surLaPremiere = false;
        this.liste.hidden = nombre === 0;
        this.champ.setAttribute("aria-expanded", String(nombre > 0));
        this.annonce.textContent = nombre > 1 ? `${nombre} suggestions` : `${nombre || "Aucune"} suggestion`;
    }

    fermer() {
        clearTimeout(this.attente);
        this.requete?.abort();
        this.surLaPremiere = false;
        this.liste.hidden = true;
        this.champ.setAttribute("aria-expanded", "false");
        this.champ.removeAttribute("aria-activedescendant");
        this.actif = -1;
    }

    activer(rang) {
        this.actif = rang;
        this.options.forEach((option, autre) => option.setAttribute("aria-selected", String(autre === rang)));
        const option = this.options[rang];
        if (option) {
            this.champ.setAttribute("aria-activedescendant", option.id);
            option.scrollIntoView({ block: "nearest" });
        } else {
            this.champ.removeAttribute("aria-activedescendant");
        }
    }

    choisir(option) {
        this.champ.value = option.dataset.libelle;
        this.choisi.value = option.dataset.valeur;
        this.vider.hidden = false;
        this.fermer();
    }

    toucher(evenement) {
        const ouverte = !this.liste.hidden;
        const nombre = this.options?.length ?? 0;
        const { key: touche, altKey: alt } = evenement;
        if (touche === "Escape" && ouverte) {
            this.fermer();
        } else if (touche === "ArrowUp" && alt && ouverte) {
            this.fermer();
        } else if (touche === "ArrowDown" && ouverte) {
            this.activer((this.actif + 1) % nombre);
        } else if (touche === "ArrowUp" && ouverte) {
            this.activer((this.actif <= 0 ? nombre : this.actif) - 1);
        } else if (touche === "ArrowDown") {
            this.saisir();
            this.surLaPremiere = !alt; // avec Alt, la liste s’ouvre sans que l’on y entre
        } else if (touche === "Enter" && ouverte && this.actif >= 0) {
            this.choisir(this.options[this.actif]);
        } else {
            if (["Home", "End", "ArrowLeft", "ArrowRight"].includes(touche) && this.actif >= 0) {
                this.activer(-1); // le curseur repart dans le texte : plus aucune option n’est visée
            }
            return;
        }
        evenement.preventDefault();
    }
}

document.querySelectorAll("[data-sas-combobox]").forEach((bloc) => new Combobox(bloc));
