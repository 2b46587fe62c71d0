// Saisie d’un compte : ne montre que les champs des rôles cochés. Sans ce script, tous se voient.
for (const formulaire of document.querySelectorAll("[data-sas-compte]")) {
    const cases = [...formulaire.querySelectorAll("input[name=roles]")];
    const ajuster = () => {
        const coches = new Set(cases.filter((coche) => coche.checked).map((coche) => coche.value));
        for (const section of formulaire.querySelectorAll("[data-sas-role]")) {
            section.hidden = !coches.has(section.dataset.sasRole);
        }
    };
    formulaire.addEventListener("change", (evenement) => {
        if (evenement.target.name === "roles") {
            ajuster();
        }
    });
    ajuster();
}
