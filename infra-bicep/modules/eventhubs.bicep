metadata description = 'The Event Hubs namespace, the hub the ledger is forwarded to, and a consumer group for each SIEM.'

@export()
@description('A SIEM that reads the hub: its consumer group, and the identity that may read it.')
type siem = {
  @description('Name of the consumer group.')
  @minLength(1)
  @maxLength(50)
  name: string

  @description('Object id of the identity that reads. Left out, nobody is granted anything.')
  principalId: string?
}

@description('Name of the namespace: 6 to 50 characters.')
@minLength(6)
@maxLength(50)
param name string

@description('Name of the hub.')
@minLength(1)
@maxLength(256)
param hubName string

@description('Region.')
param location string

@description('Tags on everything.')
param tags object

@description('Basic has no consumer groups and publications of 256 KB only, so it is not on offer.')
@allowed(['Standard', 'Premium'])
param sku string

@description('Throughput units (Standard) or processing units (Premium) to begin with.')
@minValue(1)
@maxValue(40)
param capacity int

@description('Standard: throughput units that the namespace may raise itself to; 0 for never.')
@minValue(0)
@maxValue(40)
param maxThroughputUnits int

@description('Partitions. One ledger uses one; it cannot be changed later in Standard.')
@minValue(1)
@maxValue(32)
param partitionCount int

@description('Hours that the hub keeps messages: what a SIEM may be away for. At most 168 in Standard.')
@minValue(1)
@maxValue(2160)
param retentionInHours int

@description('The SIEMs.')
param siems siem[]

@description('Capture everything into the archive account too, as Avro.')
param captureEnabled bool

@description('Name of the account with the container "capture".')
param captureAccountName string

@description('Refuse everything that does not come through a private endpoint.')
param privateOnly bool

@description('With private networking: address ranges of SIEMs outside the network that may come in.')
param siemAddressRanges string[]

@description('Object id of the identity the app runs as.')
param appPrincipalId string

@description('Where diagnostic logs go.')
param workspaceId string

// Azure Event Hubs Data Sender, Azure Event Hubs Data Receiver, Storage Blob Data Contributor
var dataSender = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '2b629674-e913-4c01-ae53-ef4638d8f975')
var dataReceiver = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'a638d3c7-ab3a-418d-83e6-5f17a39d4fde')
var blobDataContributor = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'ba92f5b4-2d11-453d-a403-e96b0029c9fe')

var closed = privateOnly && empty(siemAddressRanges)
var inflates = sku == 'Standard' && maxThroughputUnits > capacity

resource namespace 'Microsoft.EventHub/namespaces@2024-01-01' = {
  name: name
  location: location
  tags: tags
  sku: {
    name: sku
    tier: sku
    capacity: capacity
  }
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    publicNetworkAccess: closed ? 'Disabled' : 'Enabled'
    isAutoInflateEnabled: inflates
    maximumThroughputUnits: inflates ? maxThroughputUnits : 0
  }
}

resource rules 'Microsoft.EventHub/namespaces/networkRuleSets@2024-01-01' = {
  parent: namespace
  name: 'default'
  properties: {
    publicNetworkAccess: closed ? 'Disabled' : 'Enabled'
    defaultAction: privateOnly ? 'Deny' : 'Allow'
    ipRules: [
      for range in (privateOnly ? siemAddressRanges : []): {
        ipMask: range
        action: 'Allow'
      }
    ]
  }
}

resource captureContainer 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = {
  name: '${captureAccountName}/default/capture'
}

resource capture 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (captureEnabled) {
  name: guid(captureContainer.id, namespace.id, blobDataContributor)
  scope: captureContainer
  properties: {
    principalId: namespace.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: blobDataContributor
  }
}

resource hub 'Microsoft.EventHub/namespaces/eventhubs@2024-01-01' = {
  parent: namespace
  name: hubName
  properties: {
    partitionCount: partitionCount
    retentionDescription: {
      cleanupPolicy: 'Delete'
      retentionTimeInHours: retentionInHours
    }
    captureDescription: captureEnabled
      ? {
          enabled: true
          encoding: 'Avro'
          intervalInSeconds: 300
          sizeLimitInBytes: 104857600
          skipEmptyArchives: true
          destination: {
            name: 'EventHubArchive.AzureBlockBlob'
            identity: {
              type: 'SystemAssigned'
            }
            properties: {
              storageAccountResourceId: resourceId('Microsoft.Storage/storageAccounts', captureAccountName)
              blobContainer: 'capture'
              archiveNameFormat: '{Namespace}/{EventHub}/{PartitionId}/{Year}/{Month}/{Day}/{Hour}/{Minute}/{Second}'
            }
          }
        }
      : null
  }
  // Capture is refused while the namespace may not write to the container.
  dependsOn: [
    capture
  ]
}

resource groups 'Microsoft.EventHub/namespaces/eventhubs/consumergroups@2024-01-01' = [
  for each in siems: {
    parent: hub
    name: each.name
  }
]

resource receive 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (each, i) in siems: if (!empty(each.?principalId)) {
    name: guid(hub.id, each.name, each.?principalId ?? '', dataReceiver)
    // A group of one's own, and no other SIEM's.
    scope: groups[i]
    properties: {
      principalId: each.?principalId ?? ''
      roleDefinitionId: dataReceiver
    }
  }
]

resource send 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(hub.id, appPrincipalId, dataSender)
  scope: hub
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: dataSender
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: namespace
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'allLogs'
        enabled: true
      }
    ]
  }
}

@description('Resource id of the namespace.')
output id string = namespace.id

@description('Host name of the namespace.')
output host string = split(replace(namespace.properties.serviceBusEndpoint, 'https://', ''), ':')[0]

@description('Name of the hub.')
output hubName string = hub.name

@description('The consumer groups, one for each SIEM.')
output consumerGroups string[] = [for (each, i) in siems: groups[i].name]
