metadata description = 'The Functions app on a Flex Consumption plan, with every setting it reads.'

@export()
@description('A credential of someone who calls: the SHA-256 of a key, and what it may.')
type apiKey = {
  @description('What it is called in the log.')
  id: string

  @description('SHA-256 of the key, 64 lower-case hex digits.')
  @minLength(64)
  @maxLength(64)
  hash: string

  @description('The org it belongs to.')
  org: string

  @description('Projects, separated by commas, or * for all.')
  projects: string

  @description('What it may, separated by commas: ingest, read, audit, operate, or all.')
  access: string
}

@export()
@description('Instances kept ready for one group of functions.')
type alwaysReadyGroup = {
  @description('"http", or "function:" and the name of a function that is not called by HTTP.')
  name: string

  @minValue(1)
  @maxValue(1000)
  instanceCount: int
}

@description('Settings that differ between environments and are not names of resources.')
type serviceSettings = {
  @description('The org of the first API key, which make-keys.sh makes.')
  org: string

  @description('The org that the service\'s own events belong to.')
  operatorOrg: string

  @description('The name that checkpoints carry; kept for ever.')
  logOrigin: string

  @description('What a message on the hub holds: packed, one or records.')
  envelope: 'packed' | 'one' | 'records'

  @description('Days before its end at which a certificate is announced, the largest first.')
  expiryThresholdDays: string

  @description('Share of traces that are kept where the caller did not decide, from 0 to 1, as text.')
  traceRatio: string

  @description('Address of an OTLP collector, or nothing.')
  otlpEndpoint: string
}

@description('Name of the app.')
@minLength(2)
@maxLength(60)
param name string

@description('Name of the plan.')
param planName string

@description('Region.')
param location string

@description('Tags on everything.')
param tags object

@description('Resource id of the identity it runs as.')
param identityId string

@description('Client id of that identity.')
param identityClientId string

@description('Name of the host\'s storage account.')
param storageAccountName string

@description('Address of the container that the package is deployed to.')
param packageContainerUri string

@description('Endpoint of the Cosmos DB account.')
param cosmosEndpoint string

@description('Name of the database.')
param cosmosDatabaseName string

@description('Host name of the Event Hubs namespace.')
param eventHubsHost string

@description('Name of the hub.')
param eventHubName string

@description('Endpoint of the archive\'s blobs.')
param archiveBlobEndpoint string

@description('Name of the archive\'s container.')
param archiveContainerName string

@description('Name of the vault.')
param vaultName string

@description('Ids of the MAC keys; the last one is in force or comes into it, the others verify what was made under them.')
@minLength(1)
param hmacKeyIds string[]

@description('Ids of the log\'s signing keys; the last one is in force or comes into it, the others check what they signed.')
@minLength(1)
param signingKeyIds string[]

@description('Credentials beside the one that make-keys.sh makes.')
param apiKeys apiKey[]

@description('Where telemetry goes.')
param insightsConnectionString string

@description('The other settings.')
param settings serviceSettings

@description('Memory of an instance.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int

@description('Instances at most.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int

@description('Requests that one instance takes at once.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int

@description('Instances kept ready; none lets the app scale to zero.')
param alwaysReady alwaysReadyGroup[]

@description('Keep instances in several zones of the region.')
param zoneRedundant bool

@description('The subnet that the app goes out through; empty for none.')
param subnetId string

@description('Whether the app is called from the internet.')
param publicIngress bool

@description('Where diagnostic logs go.')
param workspaceId string

var secretUri = 'https://${vaultName}${environment().suffixes.keyvaultDns}/secrets'

var platformSettings = [
  // The host's storage and the triggers' database, both by identity.
  { name: 'AzureWebJobsStorage__accountName', value: storageAccountName }
  { name: 'AzureWebJobsStorage__credential', value: 'managedidentity' }
  { name: 'AzureWebJobsStorage__clientId', value: identityClientId }
  { name: 'Cosmos__accountEndpoint', value: cosmosEndpoint }
  { name: 'Cosmos__credential', value: 'managedidentity' }
  { name: 'Cosmos__clientId', value: identityClientId }
  { name: 'AZURE_CLIENT_ID', value: identityClientId }
  { name: 'AZURE_TOKEN_CREDENTIALS', value: 'ManagedIdentityCredential' }
  { name: 'APPLICATIONINSIGHTS_CONNECTION_STRING', value: insightsConnectionString }
  { name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING', value: 'ClientId=${identityClientId};Authorization=AAD' }
]

var collectorSettings = empty(settings.otlpEndpoint)
  ? []
  : [{ name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: settings.otlpEndpoint }]

var ownSettings = [
  { name: 'CosmosDatabase', value: cosmosDatabaseName }
  { name: 'ChainLeasePrefix', value: 'chain-' }
  { name: 'ForwardLeasePrefix', value: 'forward-' }
  { name: 'EventHubs__fullyQualifiedNamespace', value: eventHubsHost }
  { name: 'EventHubName', value: eventHubName }
  { name: 'EventHubEnvelope', value: settings.envelope }
  { name: 'Archive__blobServiceUri', value: archiveBlobEndpoint }
  { name: 'ArchiveContainer', value: archiveContainerName }
  { name: 'LogOrigin', value: settings.logOrigin }
  { name: 'HmacKeyId', value: last(hmacKeyIds) }
  { name: 'CursorKey', value: '@Microsoft.KeyVault(SecretUri=${secretUri}/cursor-key)' }
  { name: 'ApiKeys__0__Id', value: 'first' }
  { name: 'ApiKeys__0__Hash', value: '@Microsoft.KeyVault(SecretUri=${secretUri}/api-key-hash)' }
  { name: 'ApiKeys__0__Org', value: settings.org }
  { name: 'ApiKeys__0__Projects', value: '*' }
  { name: 'ApiKeys__0__Access', value: 'all' }
  { name: 'OperatorOrg', value: settings.operatorOrg }
  { name: 'ReconcileSchedule', value: '0 */5 * * * *' }
  { name: 'ForwardSchedule', value: '30 * * * * *' }
  { name: 'SweepSchedule', value: '0 0 * * * *' }
  { name: 'CheckpointSchedule', value: '0 * * * * *' }
  { name: 'InclusionSchedule', value: '15 * * * * *' }
  { name: 'SelfCheckSchedule', value: '0 */10 * * * *' }
  { name: 'CheckLedgerSchedule', value: '0 5/10 * * * *' }
  { name: 'ExpiryThresholdDays', value: settings.expiryThresholdDays }
  { name: 'TraceSampleRatio', value: settings.traceRatio }
]

var hmacSettings = flatten(map(hmacKeyIds, (id, i) => [
  { name: 'HmacKeys__${i}__Id', value: id }
  { name: 'HmacKeys__${i}__Key', value: '@Microsoft.KeyVault(SecretUri=${secretUri}/${id})' }
]))

var signingSettings = map(signingKeyIds, (id, i) => {
  name: 'SigningKeys__${i}__Key'
  value: '@Microsoft.KeyVault(SecretUri=${secretUri}/${id})'
})

var callerSettings = flatten(map(apiKeys, (key, i) => [
  { name: 'ApiKeys__${i + 1}__Id', value: key.id }
  { name: 'ApiKeys__${i + 1}__Hash', value: key.hash }
  { name: 'ApiKeys__${i + 1}__Org', value: key.org }
  { name: 'ApiKeys__${i + 1}__Projects', value: key.projects }
  { name: 'ApiKeys__${i + 1}__Access', value: key.access }
]))

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    tier: 'FlexConsumption'
    name: 'FC1'
  }
  properties: {
    // Linux
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource app 'Microsoft.Web/sites@2024-11-01' = {
  name: name
  location: location
  // How azd finds what to deploy to.
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    publicNetworkAccess: publicIngress ? 'Enabled' : 'Disabled'
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      http20Enabled: true
      appSettings: concat(platformSettings, collectorSettings, ownSettings, hmacSettings, signingSettings, callerSettings)
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageContainerUri
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'dotnet-isolated'
        version: '10.0'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReady
        triggers: {
          http: {
            perInstanceConcurrency: httpConcurrency
          }
        }
      }
    }
  }

  // Packages are deployed by Entra identity; the publishing password opens nothing.
  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: {
      allow: false
    }
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: app
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        // What the host says before it can speak to Application Insights.
        category: 'FunctionAppLogs'
        enabled: true
      }
    ]
  }
}

@description('Resource id of the app.')
output id string = app.id

@description('Name of the app.')
output name string = app.name

@description('Host name of the app.')
output hostName string = app.properties.defaultHostName
