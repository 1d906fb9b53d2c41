metadata description = 'The Cosmos DB account, its database and containers, and who may use the data.'

@description('Name of the account: 3 to 44 lower-case letters, digits and hyphens.')
@minLength(3)
@maxLength(44)
param name string

@description('Name of the database.')
@minLength(1)
@maxLength(255)
param databaseName string

@description('Region.')
param location string

@description('Tags on everything.')
param tags object

@description('serverless bills each request unit; autoscale bills at least a tenth of the maximum. It cannot be changed later.')
@allowed(['serverless', 'autoscale'])
param capacity string

@description('With autoscale: the most that each of events and ledger may use, in RU/s.')
@minValue(1000)
@maxValue(1000000)
param maxThroughput int

@description('With autoscale: the most that the other containers may use together, in RU/s.')
@minValue(1000)
@maxValue(1000000)
param sharedMaxThroughput int

@description('Keep copies in several zones of the region.')
param zoneRedundant bool

@description('How far back a restore can go.')
@allowed(['Continuous7Days', 'Continuous30Days'])
param backupTier string

@description('Refuse everything that does not come through a private endpoint.')
param privateOnly bool

@description('Object id of the identity the app runs as.')
param appPrincipalId string

@description('Object ids of people or groups that may read the data.')
param auditorPrincipalIds string[]

@description('Keep the account from being deleted.')
param deleteLock bool

@description('Where diagnostic logs go.')
param workspaceId string

// What `certfn provision` makes, and the only place here that says so; a test holds this file to the code.
var containers = loadJsonContent('cosmos-containers.json')

// These two carry the traffic and get throughput of their own; the others share the database's.
var dedicated = ['events', 'ledger']

resource account 'Microsoft.DocumentDB/databaseAccounts@2025-04-15' = {
  name: name
  location: location
  tags: tags
  kind: 'GlobalDocumentDB'
  properties: {
    databaseAccountOfferType: 'Standard'
    locations: [
      {
        locationName: location
        failoverPriority: 0
        isZoneRedundant: zoneRedundant
      }
    ]
    // One region writes. A second one that writes would break "once per ledger": see docs/scale.md.
    enableMultipleWriteLocations: false
    consistencyPolicy: {
      defaultConsistencyLevel: 'Session'
    }
    capabilities: capacity == 'serverless' ? [{ name: 'EnableServerless' }] : []
    backupPolicy: {
      type: 'Continuous'
      continuousModeProperties: {
        tier: backupTier
      }
    }
    disableLocalAuth: true
    disableKeyBasedMetadataWriteAccess: true
    minimalTlsVersion: 'Tls12'
    publicNetworkAccess: privateOnly ? 'Disabled' : 'Enabled'
  }
}

resource database 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases@2025-04-15' = {
  parent: account
  name: databaseName
  tags: tags
  properties: {
    resource: {
      id: databaseName
    }
    options: capacity == 'serverless' ? {} : { autoscaleSettings: { maxThroughput: sharedMaxThroughput } }
  }
}

// One at a time: the account refuses changes to several containers at once.
@batchSize(1)
resource made 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2025-04-15' = [
  for container in containers: {
    parent: database
    name: container.id
    tags: tags
    properties: {
      // The JSON is the service's own form of a container.
      resource: any(container)
      options: capacity == 'autoscale' && contains(dedicated, container.id)
        ? { autoscaleSettings: { maxThroughput: maxThroughput } }
        : {}
    }
  }
]

// Cosmos DB Built-in Data Contributor: reads and writes items, and nothing of the account or its containers.
resource write 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2025-04-15' = {
  parent: account
  name: guid(database.id, appPrincipalId, 'contributor')
  properties: {
    roleDefinitionId: '${account.id}/sqlRoleDefinitions/00000000-0000-0000-0000-000000000002'
    principalId: appPrincipalId
    scope: '${account.id}/dbs/${database.name}'
  }
}

// Cosmos DB Built-in Data Reader
@batchSize(1)
resource read 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2025-04-15' = [
  for auditor in auditorPrincipalIds: {
    parent: account
    name: guid(database.id, auditor, 'reader')
    properties: {
      roleDefinitionId: '${account.id}/sqlRoleDefinitions/00000000-0000-0000-0000-000000000001'
      principalId: auditor
      scope: '${account.id}/dbs/${database.name}'
    }
  }
]

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (deleteLock) {
  name: 'keep'
  scope: account
  properties: {
    level: 'CanNotDelete'
    notes: 'Holds the events and the ledger.'
  }
}

// Every request of the data plane in the logs would cost more than the requests do; what changes the account is rare and matters.
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: account
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated'
    logs: [
      {
        category: 'ControlPlaneRequests'
        enabled: true
      }
      {
        category: 'PartitionKeyRUConsumption'
        enabled: true
      }
    ]
  }
}

@description('Resource id of the account.')
output id string = account.id

@description('Name of the account.')
output name string = account.name

@description('Where clients connect.')
output endpoint string = account.properties.documentEndpoint

@description('Name of the database.')
output databaseName string = database.name
