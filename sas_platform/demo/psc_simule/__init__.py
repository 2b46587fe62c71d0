"""Pro Santé Connect simulé : mêmes chemins, mêmes règles, personnes fictives. Jamais en production."""
