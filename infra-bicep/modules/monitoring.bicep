metadata description = 'Log Analytics, Application Insights on top of it, and the workbook.'

@description('Name of the Log Analytics workspace.')
param workspaceName string

@description('Name of the Application Insights component.')
param componentName string

@description('Region.')
param location string

@description('Tags on everything.')
param tags object

@description('Days that logs and metrics stay queryable.')
@minValue(30)
@maxValue(730)
param retentionInDays int

@description('Gigabytes a day after which ingestion stops until the next day; -1 for none. Alerts see nothing once it is reached.')
@minValue(-1)
param dailyQuotaGb int

@description('Object id of the identity that may publish telemetry.')
param publisherPrincipalId string

// Monitoring Metrics Publisher
var metricsPublisher = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '3913510d-42f4-4e42-8a64-420c390055eb')

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: retentionInDays
    workspaceCapping: {
      dailyQuotaGb: dailyQuotaGb
    }
    features: {
      // Readers of a resource read its logs; nobody needs the whole workspace for that.
      enableLogAccessUsingOnlyResourcePermissions: true
      disableLocalAuth: true
    }
  }
}

resource component 'Microsoft.Insights/components@2020-02-02' = {
  name: componentName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    IngestionMode: 'LogAnalytics'
    // Telemetry comes from the app's identity or not at all: the instrumentation key in the connection string opens nothing.
    DisableLocalAuth: true
  }
}

resource publish 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(component.id, publisherPrincipalId, metricsPublisher)
  scope: component
  properties: {
    principalId: publisherPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: metricsPublisher
  }
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  // A workbook's name is a GUID; this one stays the same from deployment to deployment.
  name: guid(component.id, 'certfunctions')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'CertFunctions'
    category: 'workbook'
    sourceId: toLower(workspace.id)
    version: 'Notebook/1.0'
    serializedData: loadTextContent('workbook.json')
  }
}

@description('Resource id of the workspace, for diagnostic settings and alert rules.')
output workspaceId string = workspace.id

@description('Where telemetry goes. Not a secret: local authentication is off.')
output connectionString string = component.properties.ConnectionString

@description('Name of the Application Insights component.')
output componentName string = component.name
