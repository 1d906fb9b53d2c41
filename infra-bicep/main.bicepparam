// What azd uses: the environment's name and region from azd, the rest from its environment (azd env set NAME VALUE).
using 'main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'dev')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param org = readEnvironmentVariable('CERTFN_ORG', 'example')
param keyOfficerPrincipalIds = empty(readEnvironmentVariable('AZURE_PRINCIPAL_ID', ''))
  ? []
  : [readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')]
