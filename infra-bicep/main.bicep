metadata description = 'CertFunctions in one resource group: the Functions app, its record in Cosmos DB, its archive, the hub its SIEMs read, its keys and its alarms.'

targetScope = 'resourceGroup'

import { apiKey, alwaysReadyGroup } from 'modules/functionapp.bicep'
import { siem } from 'modules/eventhubs.bicep'

// Where and who

@description('Short name of this environment, such as dev or prod: part of the resources\' names.')
@minLength(2)
@maxLength(12)
param environmentName string

@description('Region. It must offer Flex Consumption: az functionapp list-flexconsumption-locations.')
param location string = resourceGroup().location

@description('Tags on everything, beside the ones put there anyway.')
param tags object = {}

@description('The org of the first API key.')
@minLength(1)
@maxLength(64)
param org string

@description('The org that the service\'s own events belong to; the same one unless told otherwise.')
@minLength(1)
@maxLength(64)
param operatorOrg string = org

@description('Credentials of callers beside the first.')
param apiKeys apiKey[] = []

@description('Ids of the MAC keys, oldest first; none begins with signing-. Add to the end to rotate: the last one comes into force by an entry of the log. Take none away while entries made under it matter.')
@minLength(1)
param hmacKeyIds string[] = ['hmac-1']

@description('Ids of the log\'s signing keys, oldest first; each begins with signing-. Add to the end to rotate: the last one comes into force by an entry of the log. One that gave way may leave once every ledger is published under the next.')
@minLength(1)
param signingKeyIds string[] = ['signing-1']

@description('The name that checkpoints carry, a host name and path that are yours. Kept for ever. Empty: the app\'s own name.')
param logOrigin string = ''

@description('Object ids of people or groups that make and rotate keys.')
param keyOfficerPrincipalIds string[] = []

@description('Object ids of people or groups that may read the record and the archive.')
param auditorPrincipalIds string[] = []

@description('Make the missing keys in this deployment. Without effect where networking is private: run make-keys.sh inside the network.')
param generateKeys bool = true

@description('True once, to bring back the vault of a deployment of the same name that was deleted.')
param recoverVault bool = false

// How much

@description('serverless bills each request unit; autoscale bills at least a tenth of the maximum. It cannot be changed later.')
@allowed(['serverless', 'autoscale'])
param cosmosCapacity string = 'serverless'

@description('With autoscale: the most that each of events and ledger may use, in RU/s.')
@minValue(1000)
@maxValue(1000000)
param cosmosMaxThroughput int = 4000

@description('With autoscale: the most that the other containers may use together, in RU/s.')
@minValue(1000)
@maxValue(1000000)
param cosmosSharedMaxThroughput int = 1000

@description('How far back a restore of the database can go.')
@allowed(['Continuous7Days', 'Continuous30Days'])
param cosmosBackupTier string = 'Continuous7Days'

@description('Memory of an instance of the app.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Instances of the app at most.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Requests that one instance takes at once.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int = 100

@description('Instances kept ready; none lets the app scale to zero.')
param alwaysReady alwaysReadyGroup[] = []

@description('Copies in several zones: the app, its storage and the database.')
param zoneRedundant bool = false

// The SIEMs

@description('The SIEMs that read the hub: a consumer group for each, and who may read it.')
param siems siem[] = [{ name: 'siem' }]

@description('What a message on the hub holds: packed, one or records. See docs/siem.md.')
@allowed(['packed', 'one', 'records'])
param eventHubEnvelope string = 'packed'

@description('Tier of the Event Hubs namespace.')
@allowed(['Standard', 'Premium'])
param eventHubsSku string = 'Standard'

@description('Throughput units (Standard) or processing units (Premium) to begin with.')
@minValue(1)
@maxValue(40)
param eventHubsCapacity int = 1

@description('Standard: throughput units that the namespace may raise itself to; 0 for never.')
@minValue(0)
@maxValue(40)
param eventHubsMaxThroughputUnits int = 4

@description('Partitions of the hub. One ledger uses one.')
@minValue(1)
@maxValue(32)
param eventHubPartitionCount int = 4

@description('Hours that the hub keeps messages. At most 168 in Standard.')
@minValue(1)
@maxValue(2160)
param eventHubRetentionInHours int = 72

@description('Capture what goes over the hub into the archive account too, as Avro.')
param captureEnabled bool = false

// The archive

@description('Copies of the archive.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param archiveSku string = 'Standard_LRS'

@description('Days during which nobody may alter or delete what was archived. An unlocked policy can still be taken away: see docs/deploy.md.')
@minValue(1)
@maxValue(146000)
param archiveRetentionInDays int = 1

@description('True from the deployment after the policy was locked on.')
param archivePolicyLocked bool = false

@description('Keep the database account and the archive from being deleted.')
param deleteLock bool = false

// Watching

@description('Days that logs and metrics stay queryable.')
@minValue(30)
@maxValue(730)
param logRetentionInDays int = 30

@description('Gigabytes of logs a day at most; -1 for no limit. Alerts see nothing once it is reached.')
@minValue(-1)
param logDailyQuotaGb int = -1

@description('Make the alert rules.')
param alertsEnabled bool = true

@description('Whom alerts tell by mail.')
param alertEmails string[] = []

@description('Action groups there are already that alerts tell, by resource id.')
param alertActionGroupIds string[] = []

@description('Share of traces that are kept where the caller did not decide, from 0 to 1, as text.')
param traceRatio string = '0.1'

@description('Address of an OTLP collector that gets traces and metrics too, or nothing.')
param otlpEndpoint string = ''

@description('Days before its end at which a certificate is announced, separated by commas, the largest first.')
param expiryThresholdDays string = '30,14,7,3,1'

// The network

@description('Put everything behind private endpoints in a virtual network of its own.')
param privateNetworking bool = false

@description('With private networking: addresses of the network, a /25 at least.')
param networkAddressPrefix string = '10.90.0.0/24'

@description('With private networking: whether the app is still called from the internet.')
param publicIngress bool = true

@description('With private networking: address ranges of SIEMs outside that may reach Event Hubs.')
param siemAddressRanges string[] = []

// Names: what it is, whose, which environment, and letters that make it unique.
var token = uniqueString(subscription().id, resourceGroup().id, environmentName)
var suffix = 'certfn-${toLower(environmentName)}-${token}'
var appName = 'func-${suffix}'
var vaultName = 'kv-${take(replace(toLower(environmentName), '-', ''), 6)}-${token}'
var allTags = union({ 'azd-env-name': environmentName, application: 'CertFunctions' }, tags)

module identity 'modules/identity.bicep' = {
  params: {
    name: 'id-${suffix}'
    location: location
    tags: allTags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  params: {
    workspaceName: 'log-${suffix}'
    componentName: 'appi-${suffix}'
    location: location
    tags: allTags
    retentionInDays: logRetentionInDays
    dailyQuotaGb: logDailyQuotaGb
    publisherPrincipalId: identity.outputs.principalId
  }
}

module storage 'modules/storage.bicep' = {
  params: {
    name: 'stcf${token}'
    location: location
    tags: allTags
    zoneRedundant: zoneRedundant
    privateOnly: privateNetworking
    appPrincipalId: identity.outputs.principalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module archive 'modules/archive.bicep' = {
  params: {
    name: 'stcfworm${token}'
    location: location
    tags: allTags
    sku: archiveSku
    retentionInDays: archiveRetentionInDays
    policyLocked: archivePolicyLocked
    captureContainer: captureEnabled
    privateOnly: privateNetworking
    appPrincipalId: identity.outputs.principalId
    auditorPrincipalIds: auditorPrincipalIds
    deleteLock: deleteLock
    workspaceId: monitoring.outputs.workspaceId
  }
}

module cosmos 'modules/cosmos.bicep' = {
  params: {
    name: 'cosmos-${suffix}'
    databaseName: 'certfunctions'
    location: location
    tags: allTags
    capacity: cosmosCapacity
    maxThroughput: cosmosMaxThroughput
    sharedMaxThroughput: cosmosSharedMaxThroughput
    zoneRedundant: zoneRedundant
    backupTier: cosmosBackupTier
    privateOnly: privateNetworking
    appPrincipalId: identity.outputs.principalId
    auditorPrincipalIds: auditorPrincipalIds
    deleteLock: deleteLock
    workspaceId: monitoring.outputs.workspaceId
  }
}

module eventHubs 'modules/eventhubs.bicep' = {
  params: {
    name: 'evhns-${suffix}'
    hubName: 'ledger'
    location: location
    tags: allTags
    sku: eventHubsSku
    capacity: eventHubsCapacity
    maxThroughputUnits: eventHubsMaxThroughputUnits
    partitionCount: eventHubPartitionCount
    retentionInHours: eventHubRetentionInHours
    siems: siems
    captureEnabled: captureEnabled
    captureAccountName: archive.outputs.name
    privateOnly: privateNetworking
    siemAddressRanges: siemAddressRanges
    appPrincipalId: identity.outputs.principalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module vault 'modules/keyvault.bicep' = {
  params: {
    name: vaultName
    location: location
    tags: allTags
    recover: recoverVault
    privateOnly: privateNetworking
    appPrincipalId: identity.outputs.principalId
    keyOfficerPrincipalIds: keyOfficerPrincipalIds
    workspaceId: monitoring.outputs.workspaceId
  }
}

module keys 'modules/keys.bicep' = if (generateKeys && !privateNetworking) {
  params: {
    vaultName: vault.outputs.name
    identityName: 'id-keys-${suffix}'
    keyIds: concat(signingKeyIds, hmacKeyIds)
    location: location
    tags: allTags
  }
}

module network 'modules/network.bicep' = if (privateNetworking) {
  params: {
    name: 'vnet-${suffix}'
    location: location
    tags: allTags
    addressPrefix: networkAddressPrefix
  }
}

module app 'modules/functionapp.bicep' = {
  params: {
    name: appName
    planName: 'plan-${suffix}'
    location: location
    tags: allTags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    storageAccountName: storage.outputs.name
    packageContainerUri: '${storage.outputs.blobEndpoint}${storage.outputs.packageContainer}'
    cosmosEndpoint: cosmos.outputs.endpoint
    cosmosDatabaseName: cosmos.outputs.databaseName
    eventHubsHost: eventHubs.outputs.host
    eventHubName: eventHubs.outputs.hubName
    archiveBlobEndpoint: archive.outputs.blobEndpoint
    archiveContainerName: archive.outputs.containerName
    vaultName: vault.outputs.name
    hmacKeyIds: hmacKeyIds
    signingKeyIds: signingKeyIds
    apiKeys: apiKeys
    insightsConnectionString: monitoring.outputs.connectionString
    settings: {
      org: org
      operatorOrg: operatorOrg
      logOrigin: empty(logOrigin) ? '${appName}/ledger' : logOrigin
      envelope: eventHubEnvelope
      expiryThresholdDays: expiryThresholdDays
      traceRatio: traceRatio
      otlpEndpoint: otlpEndpoint
    }
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    httpConcurrency: httpConcurrency
    alwaysReady: alwaysReady
    zoneRedundant: zoneRedundant
    subnetId: privateNetworking ? network!.outputs.appSubnetId : ''
    publicIngress: publicIngress || !privateNetworking
    workspaceId: monitoring.outputs.workspaceId
  }
  // The app's references to secrets resolve at once only if the secrets are there, and reach private services only through their endpoints.
  dependsOn: [
    keys
    blobEndpoint
    cosmosEndpoint
    vaultEndpoint
  ]
}

module alerts 'modules/alerts.bicep' = if (alertsEnabled) {
  params: {
    namePrefix: 'alert-${suffix}'
    location: location
    tags: allTags
    workspaceId: monitoring.outputs.workspaceId
    cosmosId: cosmos.outputs.id
    eventHubsId: eventHubs.outputs.id
    emails: alertEmails
    actionGroupIds: alertActionGroupIds
  }
}

module blobEndpoint 'modules/private-endpoint.bicep' = if (privateNetworking) {
  params: {
    name: 'pep-blob-${suffix}'
    location: location
    tags: allTags
    serviceId: storage.outputs.id
    groupId: 'blob'
    subnetId: network!.outputs.endpointSubnetId
    dnsZoneId: network!.outputs.blobZoneId
  }
}

module archiveEndpoint 'modules/private-endpoint.bicep' = if (privateNetworking) {
  params: {
    name: 'pep-archive-${suffix}'
    location: location
    tags: allTags
    serviceId: archive.outputs.id
    groupId: 'blob'
    subnetId: network!.outputs.endpointSubnetId
    dnsZoneId: network!.outputs.blobZoneId
  }
}

module cosmosEndpoint 'modules/private-endpoint.bicep' = if (privateNetworking) {
  params: {
    name: 'pep-cosmos-${suffix}'
    location: location
    tags: allTags
    serviceId: cosmos.outputs.id
    groupId: 'Sql'
    subnetId: network!.outputs.endpointSubnetId
    dnsZoneId: network!.outputs.cosmosZoneId
  }
}

module eventHubsEndpoint 'modules/private-endpoint.bicep' = if (privateNetworking) {
  params: {
    name: 'pep-evhns-${suffix}'
    location: location
    tags: allTags
    serviceId: eventHubs.outputs.id
    groupId: 'namespace'
    subnetId: network!.outputs.endpointSubnetId
    dnsZoneId: network!.outputs.eventHubsZoneId
  }
}

module vaultEndpoint 'modules/private-endpoint.bicep' = if (privateNetworking) {
  params: {
    name: 'pep-kv-${suffix}'
    location: location
    tags: allTags
    serviceId: vault.outputs.id
    groupId: 'vault'
    subnetId: network!.outputs.endpointSubnetId
    dnsZoneId: network!.outputs.vaultZoneId
  }
}

module appEndpoint 'modules/private-endpoint.bicep' = if (privateNetworking && !publicIngress) {
  params: {
    name: 'pep-func-${suffix}'
    location: location
    tags: allTags
    serviceId: app.outputs.id
    groupId: 'sites'
    subnetId: network!.outputs.endpointSubnetId
    dnsZoneId: network!.outputs.sitesZoneId
  }
}

// In capitals: azd hands them on as environment variables.

@description('Name of the Functions app.')
output APP_NAME string = app.outputs.name

@description('Where the service answers; its calls begin with /api/v1.')
output SERVICE_URL string = 'https://${app.outputs.hostName}'

@description('Name of the vault with the keys; the first API key is its secret api-key.')
output VAULT_NAME string = vault.outputs.name

@description('Where the Cosmos DB account answers.')
output COSMOS_ENDPOINT string = cosmos.outputs.endpoint

@description('Name of the database.')
output COSMOS_DATABASE string = cosmos.outputs.databaseName

@description('Name of the archive account.')
output ARCHIVE_ACCOUNT string = archive.outputs.name

@description('Name of the write-once container in it.')
output ARCHIVE_CONTAINER string = archive.outputs.containerName

@description('Host name of the Event Hubs namespace.')
output EVENT_HUBS_HOST string = eventHubs.outputs.host

@description('Name of the hub.')
output EVENT_HUB_NAME string = eventHubs.outputs.hubName

@description('Consumer groups of the SIEMs.')
output CONSUMER_GROUPS string[] = eventHubs.outputs.consumerGroups

@description('Name of the Application Insights component.')
output INSIGHTS_NAME string = monitoring.outputs.componentName
