metadata description = 'The archive of checkpoints and tiles: write once, read many. An account of its own, since it outlives the rest.'

@description('Name of the account: 3 to 24 lower-case letters and digits.')
@minLength(3)
@maxLength(24)
param name string

@description('Region.')
param location string

@description('Tags on everything.')
param tags object

@description('Copies: in one datacentre, in several zones, in a second region, or both of the latter.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param sku string

@description('Days during which nobody, whatever the role, may alter or delete what was written.')
@minValue(1)
@maxValue(146000)
param retentionInDays int

@description('True once the policy was locked by hand: a locked policy takes no further deployment, so it is left out of this one.')
param policyLocked bool

@description('Make the container that Event Hubs captures into.')
param captureContainer bool

@description('Refuse everything that does not come through a private endpoint.')
param privateOnly bool

@description('Object id of the identity the app runs as.')
param appPrincipalId string

@description('Object ids of people or groups that may read the archive.')
param auditorPrincipalIds string[]

@description('Keep the account from being deleted.')
param deleteLock bool

@description('Where diagnostic logs go.')
param workspaceId string

// Storage Blob Data Contributor, Storage Blob Data Reader
var blobDataContributor = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'ba92f5b4-2d11-453d-a403-e96b0029c9fe')
var blobDataReader = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1')

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: sku
  }
  properties: {
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: privateOnly ? 'Disabled' : 'Enabled'
    networkAcls: {
      // Event Hubs captures as a trusted service.
      bypass: captureContainer ? 'AzureServices' : 'None'
      defaultAction: privateOnly ? 'Deny' : 'Allow'
    }
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      containerDeleteRetentionPolicy: {
        enabled: true
        days: 30
      }
    }

    // No versioning: under a container's policy a blob that is there can be neither overwritten nor deleted, which is the meaning of write once.
    resource archive 'containers' = {
      name: 'ledger'

      resource policy 'immutabilityPolicies' = if (!policyLocked) {
        name: 'default'
        properties: {
          immutabilityPeriodSinceCreationInDays: retentionInDays
          allowProtectedAppendWrites: false
        }
      }
    }

    resource capture 'containers' = if (captureContainer) {
      name: 'capture'
    }
  }
}

resource write 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account::blobs::archive.id, appPrincipalId, blobDataContributor)
  scope: account::blobs::archive
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: blobDataContributor
  }
}

resource read 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for auditor in auditorPrincipalIds: {
    name: guid(account::blobs::archive.id, auditor, blobDataReader)
    scope: account::blobs::archive
    properties: {
      principalId: auditor
      roleDefinitionId: blobDataReader
    }
  }
]

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (deleteLock) {
  name: 'keep'
  scope: account
  properties: {
    level: 'CanNotDelete'
    notes: 'Holds the published checkpoints: what anyone checks the ledger against.'
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: account::blobs
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'StorageWrite'
        enabled: true
      }
      {
        category: 'StorageDelete'
        enabled: true
      }
    ]
  }
}

@description('Resource id of the account.')
output id string = account.id

@description('Name of the account.')
output name string = account.name

@description('Endpoint of its blobs.')
output blobEndpoint string = account.properties.primaryEndpoints.blob

@description('Name of the write-once container.')
output containerName string = account::blobs::archive.name
